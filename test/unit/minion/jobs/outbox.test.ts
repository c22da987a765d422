import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openOutbox } from '../../../../minion/jobs/outbox.ts';
import { silentLogger } from '../../../../shared/log.ts';
import type { Packet } from '../../../../shared/protocol/message.ts';
import { Inbox } from '../../../integration/broker/inbox.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brine-outbox-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What one entry takes, bytes. */
const BLOCK = 4096;
const openWith = (blocks = 100) => openOutbox({ folder, bytesMax: blocks * BLOCK, log: silentLogger });
const packet = (topic: string, payload: Uint8Array = Buffer.from('{}')): Packet => ({
  topic,
  payload,
  qos: 1,
  retain: false,
});

/** A connection: what was published on it, and the means to acknowledge or to break. */
function line() {
  const sent = new Inbox<string>();
  const open: { topic: string; resolve(): void; reject(error: Error): void }[] = [];
  return {
    sent,
    publish: ({ topic }: Packet): Promise<void> => {
      sent.push(topic);
      return new Promise((resolve, reject) => open.push({ topic, resolve, reject }));
    },
    acknowledge: (topic: string) => open.find((one) => one.topic === topic)?.resolve(),
    acknowledgeAll: () => {
      for (const { resolve } of open) resolve();
    },
    break: () => {
      for (const { reject } of open) reject(new Error('gone'));
    },
  };
}

test('what waits is sent when there is a connection, oldest first, and what comes later at once', async () => {
  const outbox = await openWith();
  for (const topic of ['a', 'b', 'c']) await outbox.add('return', packet(topic));
  const { sent, publish } = line();
  outbox.attach(publish);
  await outbox.add('event', packet('d'));
  expect(sent.all).toEqual(['a', 'b', 'c', 'd']);
});

test('what is added at the same time keeps its order', async () => {
  const outbox = await openWith();
  const topics = Array.from({ length: 30 }, (_, index) => `t${index}`);
  await Promise.all(topics.map((topic, index) => outbox.add('event', packet(topic, Buffer.alloc(3000 - index * 100)))));
  expect(outbox.topics()).toEqual(topics);
  const { sent, publish } = line();
  outbox.attach(publish);
  expect(sent.all).toEqual(topics);
});

test('what is acknowledged is gone, from the disk too', async () => {
  const outbox = await openWith();
  await outbox.add('return', packet('a'));
  const { publish, acknowledgeAll } = line();
  outbox.attach(publish);
  acknowledgeAll();
  await outbox.drained();
  expect(outbox.topics()).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
});

test('what was not acknowledged is sent again on the next connection', async () => {
  const outbox = await openWith();
  for (const topic of ['a', 'b', 'c']) await outbox.add('return', packet(topic));
  const first = line();
  outbox.attach(first.publish);
  first.acknowledge('b');
  outbox.detach();
  first.break();
  await outbox.add('return', packet('d'));
  const second = line();
  outbox.attach(second.publish);
  expect(second.sent.all).toEqual(['a', 'c', 'd']);
});

test('the next connection need not wait for the news that the former is gone', async () => {
  const outbox = await openWith();
  await outbox.add('return', packet('a'));
  const [first, second] = [line(), line()];
  outbox.attach(first.publish);
  outbox.attach(second.publish);
  first.break();
  expect(second.sent.all).toEqual(['a']);
  second.acknowledgeAll();
  await outbox.drained();
});

test('all that waits survives the process, byte for byte and in order', async () => {
  const payload = Buffer.from([0, 10, 13, 255, 10]);
  const outbox = await openWith();
  await outbox.add('return', packet('salt/ret/1/m1', payload));
  await outbox.add('event', packet('salt/fire/m1/a', Buffer.alloc(0)));
  const again = await openWith();
  expect(again.topics()).toEqual(['salt/ret/1/m1', 'salt/fire/m1/a']);
  await again.add('event', packet('salt/fire/m1/b'));
  const sent: Packet[] = [];
  again.attach(async (one) => void sent.push(one));
  await again.drained();
  expect(sent.map(({ topic }) => topic)).toEqual(['salt/ret/1/m1', 'salt/fire/m1/a', 'salt/fire/m1/b']);
  expect(Buffer.from(sent[0]!.payload)).toEqual(payload);
  expect(sent[0]).toMatchObject({ qos: 1, retain: false });
});

test('a file that was being written when the process was killed is not sent', async () => {
  await writeFile(join(folder, '.000000000001-return'), 'salt/ret/1/m1\nhal');
  await writeFile(join(folder, 'notes.txt'), 'of somebody else');
  const outbox = await openWith();
  expect(outbox.topics()).toEqual([]);
  expect(await readdir(folder)).toEqual(['notes.txt']);
});

test('when it is full the oldest events go first and are counted, returns never', async () => {
  const outbox = await openWith(4);
  for (const [kind, topic] of [
    ['event', 'e1'],
    ['return', 'r1'],
    ['event', 'e2'],
    ['event', 'e3'],
    ['return', 'r2'],
    ['return', 'r3'],
  ] as const) {
    await outbox.add(kind, packet(topic));
  }
  expect(outbox.topics()).toEqual(['r1', 'e3', 'r2', 'r3']);
  expect(outbox.droppedEvents()).toBe(2);
  expect((await readdir(folder)).length).toBe(4);
  const again = await openWith(4);
  expect(again.topics()).toEqual(['r1', 'e3', 'r2', 'r3']);
});

test('returns alone may fill it, and then it says so and takes no event', async () => {
  const outbox = await openWith(2);
  expect(outbox.isFull()).toBe(false);
  for (const topic of ['r1', 'r2', 'r3']) await outbox.add('return', packet(topic));
  expect(outbox.isFull()).toBe(true);
  await outbox.add('event', packet('e1'));
  expect(outbox.topics()).toEqual(['r1', 'r2', 'r3']);
  expect(outbox.droppedEvents()).toBe(1);
});

test('it has room again when returns were acknowledged', async () => {
  const outbox = await openWith(2);
  for (const topic of ['r1', 'r2']) await outbox.add('return', packet(topic));
  const { publish, acknowledgeAll } = line();
  outbox.attach(publish);
  acknowledgeAll();
  await outbox.drained();
  expect(outbox.isFull()).toBe(false);
});

test('a large return counts as much as it takes', async () => {
  const outbox = await openWith(4);
  await outbox.add('return', packet('r1', Buffer.alloc(4 * BLOCK)));
  expect(outbox.isFull()).toBe(true);
});

test('what cannot be written is not kept, and its author hears of it', async () => {
  const outbox = await openWith();
  await rm(folder, { recursive: true });
  await expect(outbox.add('return', packet('r1'))).rejects.toThrow('ENOENT');
  expect([outbox.topics(), outbox.isFull()]).toEqual([[], false]);
});
