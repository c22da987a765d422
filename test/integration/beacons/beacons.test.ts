import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { watchTopics } from '../../support/watch_topics.ts';

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await startFleet({
    minions: ['m1'],
    minion: { beacons: { memusage: [{ percent: '0%' }, { onchangeonly: true }], load: [{ averages: 'high' }] } },
  });
});
afterAll(() => fleet.stop());

const socketOf = (id: string) => join(fleet.directory, id, 'var/run/salt/minion/local.sock');
const returned = async (fun: string, ...args: unknown[]) => {
  const steps = await fleet.run('m1', fun, args);
  return steps.find(({ t }) => t === 'ret') as { return?: unknown } | undefined;
};

test('a configured beacon reaches the master’s bus, with the id and its own time', async () => {
  const { data } = await fleet.events.waitFor(({ tag }) => tag === 'salt/beacon/m1/memusage');
  expect(data).toMatchObject({ id: 'm1', memusage: expect.any(Number), _stamp: expect.any(String) });
});

test("the events of a minion with the longest id reach the master's bus under its whole name", async () => {
  const id = 'x'.repeat(63);
  await fleet.startMinion(id, { home: 'long' });
  await fleet.events.waitFor(({ tag }) => tag === `salt/minion/${id}/start`);
  const { data } = await fleet.events.waitFor(({ tag }) => tag === `salt/beacon/${id}/memusage`);
  expect(data).toMatchObject({ id, memusage: expect.any(Number) });
});

test('one that is configured wrongly is logged, in one line that says what is right', async () => {
  const line = await fleet.minionLog.waitFor((text) => text.includes('a beacon is not started'));
  expect(line).toContain('beacons: load: averages: ');
});

test("a beacon that is added by a job starts, and tells the minion's own bus too", async () => {
  const { messages, connection } = await watchTopics(socketOf('m1'), ['$local/salt/beacon/#']);
  await returned('beacons.add', 'pulse', [{ beacon_module: 'heartbeat' }, { interval: 0.1 }]);
  const local = await messages.waitFor(({ topic }) => topic === '$local/salt/beacon/m1/pulse');
  expect(JSON.parse(local.text)).toMatchObject({ id: 'm1', count: expect.any(Number) });
  await fleet.events.waitFor(({ tag, data }) => tag === 'salt/beacon/m1/pulse' && data.count === 2);
  await returned('beacons.delete', 'pulse');
  await connection.close();
});

test('what a beacon tells while the master is away arrives later, with the time it was told', async () => {
  await returned('beacons.add', 'away', [{ beacon_module: 'heartbeat' }, { interval: 0.1 }]);
  await fleet.events.waitFor(({ tag }) => tag === 'salt/beacon/m1/away');
  await fleet.stopMaster();
  const { messages, connection } = await watchTopics(socketOf('m1'), ['$local/salt/beacon/m1/away']);
  const { text } = (await messages.waitForCount(1))[0]!;
  const told = JSON.parse(text) as { count: number; _stamp: string };
  await connection.close();
  await fleet.startMaster();
  const late = await fleet.events.waitFor(
    ({ tag, data }) => tag === 'salt/beacon/m1/away' && data.count === told.count,
  );
  // Both are stamped when they are fired, one after the other.
  expect(Math.abs(Date.parse(`${late.data._stamp}Z`) - Date.parse(`${told._stamp}Z`))).toBeLessThan(1000);
});

test('a local program manages them by Salt’s event manage_beacons', async () => {
  const { messages, connection } = await watchTopics(socketOf('m1'), ['$local/salt/minion/#']);
  const payload = Buffer.from(JSON.stringify({ func: 'disable_beacon', name: 'memusage', c: 'mine' }));
  await connection.publish({ topic: '$local/manage_beacons', payload, qos: 1, retain: false });
  const answer = await messages.waitFor(({ topic }) => topic.endsWith('minion_beacon_disabled_complete'));
  expect(JSON.parse(answer.text)).toMatchObject({
    complete: true,
    c: 'mine',
    comment: 'Disabling beacon item memusage',
  });
  await connection.close();
});

test('beacons.save keeps them for the next start', async () => {
  await returned('beacons.save');
  const file = join(fleet.directory, 'etc/minion.d/beacons.conf');
  expect(await readFile(file, 'utf8')).toContain('  memusage:\n  - percent: 0%\n');
});
