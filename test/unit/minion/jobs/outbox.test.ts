import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Outbox, openOutbox } from '../../../../minion/jobs/outbox.ts';
import { FleetError } from '../../../../shared/errors.ts';
import { createLogger, silentLogger } from '../../../../shared/log.ts';
import type { Packet } from '../../../../shared/protocol/message.ts';
import { Inbox } from '../../../integration/broker/inbox.ts';
import { type FakeClock, fakeClock } from '../../../support/fake_context.ts';
import { giveToNobody, NOBODY } from '../../../support/program.ts';
import { until } from '../../../support/until.ts';

let folder: string;
let clock: FakeClock;
beforeEach(async () => {
  clock = fakeClock();
  folder = await mkdtemp(join(tmpdir(), 'brine-outbox-'));
});
afterEach(async () => {
  // Those that a test closed cannot be closed again.
  for (const outbox of opened.splice(0)) await outbox.close().catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
});

/** What an entry takes whose topic has two letters and whose payload is `{}`, bytes. */
const ENTRY = 21;
const opened: Outbox[] = [];
const openWith = async (entries = 10_000, log = silentLogger): Promise<Outbox> => {
  const outbox = await openOutbox({ folder, bytesMax: entries * ENTRY, clock, log });
  opened.push(outbox);
  return outbox;
};
/** One that cannot write any more. */
const openBroken = async (): Promise<Outbox> => {
  const outbox = await openWith();
  await outbox.close();
  return outbox;
};
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
  await outbox.close();
  expect((await openWith()).topics()).toEqual([]);
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
  const returned = sent.filter(({ topic }) => topic === 'salt/ret/1/m1');
  expect(returned).toMatchObject([{ qos: 1, retain: false }]);
  expect(Buffer.from(returned[0]!.payload)).toEqual(payload);
  const fired = sent.filter(({ topic }) => topic.startsWith('salt/fire/'));
  expect(fired.map(({ topic }) => topic)).toEqual(['salt/fire/m1/a', 'salt/fire/m1/b']);
});

test('a value whose folder cannot be flushed leaves no file behind', async () => {
  const outbox = await openWith();
  // Who may not read a folder can make and rename files in it, and cannot open it to flush it.
  giveToNobody(folder);
  await chmod(folder, 0o300);
  const become = process.getuid?.() === 0 ? process.seteuid : undefined;
  become?.(NOBODY);
  try {
    await expect(outbox.add('return', packet('a'), Buffer.from('large'))).rejects.toThrow('EACCES');
  } finally {
    become?.(0);
    await chmod(folder, 0o700);
  }
  expect(await readdir(folder)).toEqual(['journal']);
});

test('a value that was being written when the process was killed, or whose entry is gone, is removed', async () => {
  await writeFile(join(folder, '.000000000001-content'), 'hal');
  await writeFile(join(folder, '000000000002-content'), 'whole');
  await writeFile(join(folder, 'notes.txt'), 'of somebody else');
  const outbox = await openWith();
  expect(outbox.topics()).toEqual([]);
  expect(await readdir(folder)).toEqual(['journal', 'notes.txt']);
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
  await outbox.close();
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
  await outbox.add('return', packet('r1', Buffer.alloc(4 * ENTRY)));
  expect(outbox.isFull()).toBe(true);
});

test('what cannot be written is not kept, and its author hears of it', async () => {
  const outbox = await openBroken();
  await expect(outbox.add('return', packet('r1'))).rejects.toMatchObject({ code: 'EBADF' });
  expect([outbox.topics(), outbox.isFull()]).toEqual([[], false]);
});

test('what is small is sent while it is written, and the master that has it is as good as the disk', async () => {
  const outbox = await openBroken();
  const sent = new Inbox<string>();
  outbox.attach(async ({ topic }) => void sent.push(topic));
  await Promise.all([outbox.add('return', packet('r1')), outbox.add('event', packet('e1'))]);
  expect(sent.all).toEqual(['r1', 'e1']);
  expect(outbox.topics()).toEqual([]);
});

test('what cannot be written while it is sent waits for the answer, and without one its author hears of it', async () => {
  const outbox = await openBroken();
  const { sent, publish, break: breakLine } = line();
  outbox.attach(publish);
  const refused = expect(outbox.add('return', packet('r1'))).rejects.toMatchObject({ code: 'EBADF' });
  await sent.waitForCount(1);
  expect(outbox.topics()).toEqual(['r1']);
  breakLine();
  await refused;
  expect([outbox.topics(), outbox.isFull()]).toEqual([[], false]);
});

test('what is acknowledged before it is written is not there after a restart', async () => {
  const outbox = await openWith();
  outbox.attach(async () => undefined);
  for (const topic of ['a', 'b', 'c']) await outbox.add('return', packet(topic));
  await outbox.close();
  expect((await openWith()).topics()).toEqual([]);
});

test('events that are added while others are written keep their order, also those that memory has no room for', async () => {
  const outbox = await openWith(1_000_000);
  const { sent, publish } = line();
  outbox.attach(publish);
  const topics = Array.from({ length: 7 }, (_, index) => `e${index}`);
  await Promise.all(
    topics.map((topic, index) => outbox.add('event', packet(topic, Buffer.alloc(index === 6 ? 1 : 1024 ** 2)))),
  );
  await sent.waitForCount(7);
  expect(sent.all).toEqual(topics);
});

/** The master's side: takes so many at once, refuses the rest for their rate. */
function ratedLine(taken: { left: number }) {
  const sent = new Inbox<string>();
  const delivered: string[] = [];
  return {
    sent,
    delivered,
    async publish({ topic }: Packet): Promise<void> {
      sent.push(topic);
      if (topic.startsWith('e') && taken.left-- <= 0) throw new FleetError('LIMIT_EXCEEDED', 'rate: too many');
      delivered.push(topic);
    },
  };
}

test('events go out at a pace, and returns do not wait for them', async () => {
  const outbox = await openWith(1000);
  const topics = Array.from({ length: 600 }, (_, index) => `e${String(index).padStart(3, '0')}`);
  await Promise.all(topics.map((topic) => outbox.add('event', packet(topic))));
  await outbox.add('return', packet('r1'));
  const { sent, publish } = ratedLine({ left: Number.POSITIVE_INFINITY });
  outbox.attach(publish);
  await sent.waitForCount(65);
  expect(sent.all).toContain('r1');
  expect(sent.all).toHaveLength(65);
  await until('what was sent is gone', () => outbox.topics().length === 536);
  clock.advance(500);
  // Half a second more, of 500 events a second.
  await sent.waitForCount(65 + 64);
  while (outbox.topics().length > 0) {
    clock.advance(100);
    await until(
      'what was sent is gone',
      () => sent.all.length === 601 || outbox.topics().length === 601 - sent.all.length,
    );
  }
  expect(sent.all.filter((topic) => topic !== 'r1')).toEqual(topics);
});

test('an event that was refused for its rate is sent again after a pause, slower, and none is lost', async () => {
  const outbox = await openWith();
  const topics = Array.from({ length: 20 }, (_, index) => `e${String(index).padStart(2, '0')}`);
  await Promise.all(topics.map((topic) => outbox.add('event', packet(topic))));
  const taken = { left: 5 };
  const { sent, delivered, publish } = ratedLine(taken);
  outbox.attach(publish);
  await until('what was sent is gone', () => delivered.length === 5 && outbox.topics().length === 15);
  const before = sent.all.length;
  clock.advance(900);
  expect(sent.all).toHaveLength(before);
  taken.left = Number.POSITIVE_INFINITY;
  while (outbox.topics().length > 0) {
    clock.advance(100);
    await until('what was sent is gone', () => outbox.topics().length === 20 - delivered.length);
  }
  expect(delivered).toEqual(topics);
});

test('what the master will never take is given up, and said so', async () => {
  const lines: string[] = [];
  const log = createLogger([{ level: 'error', format: 'text', write: (line) => lines.push(line) }], () => 0);
  const outbox = await openWith(100, log);
  await outbox.add('event', packet('e1'));
  outbox.attach(() => Promise.reject(new FleetError('NOT_PERMITTED', 'acl: not yours')));
  await outbox.drained();
  expect(lines).toEqual([expect.stringContaining('acl: not yours')]);
  await outbox.close();
  expect((await openWith()).topics()).toEqual([]);
});

test('what does not fit into memory is read again when it is sent, in its order', async () => {
  const outbox = await openWith(1_000_000);
  const payload = Buffer.alloc(1024 ** 2, 7);
  const topics = Array.from({ length: 7 }, (_, index) => `e${index}`);
  for (const topic of topics) await outbox.add('event', packet(topic, payload));
  const sent: Packet[] = [];
  outbox.attach(async (one) => void sent.push(one));
  await outbox.drained();
  expect(sent.map(({ topic }) => topic)).toEqual(topics);
  expect(sent.every((one) => payload.equals(one.payload))).toBe(true);
});
