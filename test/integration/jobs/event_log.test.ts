import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { OperatorStep } from '../../../shared/client/operator_client.ts';
import { Fire } from '../../../shared/protocol/messages/event.ts';
import { connectAs } from '../../support/connect_as.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { until } from '../../support/until.ts';
import { watchTopics } from '../../support/watch_topics.ts';

let fleet: TestFleet;
afterEach(() => fleet.stop());

const user = userInfo().username;
const masterSocket = (): string => join(fleet.directory, 'master/var/run/salt/master/operator.sock');
const localSocket = (id: string): string => join(fleet.directory, id, 'var/run/salt/minion/local.sock');
const send = (tag: string, data = {}) => fleet.call('runner', 'event.send', [tag, data]);

/** Follows events with a client of its own until there are as many as asked for. */
async function follow(request: Readonly<Record<string, unknown>>): Promise<readonly OperatorStep[]> {
  const client = await fleet.operator();
  const steps: OperatorStep[] = [];
  for await (const step of client.request({ op: 'events', ...request })) steps.push(step);
  await client.close();
  return steps;
}

const tagsOf = (steps: readonly OperatorStep[]) => steps.filter(({ t }) => t === 'event').map(({ tag }) => tag);

test('a reader gets what was before it came, and goes on after a cursor, across a restart of the master', async () => {
  fleet = await startFleet();
  for (const n of [1, 2, 3]) await send(`my/${n}`);
  const [listening, first, second] = await follow({ tag: 'my/*', since: 600, count: 2 });
  expect(listening).toMatchObject({ t: 'listening', cursor: expect.any(Number) });
  expect([first?.tag, second?.tag]).toEqual(['my/1', 'my/2']);
  await fleet.stopMaster();
  await fleet.startMaster();
  await send('my/4');
  expect(tagsOf(await follow({ tag: 'my/*', from: second?.cursor, count: 2 }))).toEqual(['my/3', 'my/4']);
});

test('a reader without a place hears what comes, in the order of the bus', async () => {
  fleet = await startFleet();
  await send('my/old');
  const client = await fleet.operator();
  const steps = client.request({ op: 'events', tag: 'my/*', count: 300 });
  await steps.next();
  const { bus } = fleet.context();
  for (let n = 0; n < 300; n++) bus.emit(`my/${n}`, { n });
  const heard: unknown[] = [];
  for await (const { tag } of steps) heard.push(tag);
  expect(heard).toEqual(Array.from({ length: 300 }, (_, n) => `my/${n}`));
  await client.close();
});

test('whose place was swept is told how many events it missed', async () => {
  fleet = await startFleet({ master: { event_log_bytes: 4096 } });
  const { bus, eventLog } = fleet.context();
  for (let n = 1; n <= 200; n++) bus.emit(`my/${n}`, {});
  await eventLog.flush();
  await eventLog.sweep();
  const missed = eventLog.firstCursor - 1;
  const [, lost, next] = await follow({ from: 0, count: 1 });
  expect(lost).toMatchObject({ tag: 'salt/event/lost', data: { lost: missed, _stamp: expect.any(String) } });
  expect(next).toMatchObject({ cursor: missed + 1 });
});

test('arguments that may hold passwords are hidden from readers as they are from observers', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  await fleet.run('m1', 'test.echo', ['x'], { password: 'geheim' });
  const [, made] = await follow({ tag: 'salt/job/*/new', since: 600, count: 1 });
  expect(made?.data).toMatchObject({ fun: 'test.echo' });
  expect(JSON.stringify(made)).not.toContain('geheim');
});

test('a stream ends when its reader has gone', async () => {
  fleet = await startFleet();
  const client = await fleet.operator();
  const steps = client.request({ op: 'events' });
  await steps.next();
  expect(await fleet.call('runner', 'event.status')).toMatchObject({ streams: 1 });
  await client.close();
  await until('the stream is over', async () => {
    const { streams } = (await fleet.call('runner', 'event.status')) as { streams: number };
    return streams === 0;
  });
});

test('an operator fires an event by publishing it, in the name of the connection', async () => {
  fleet = await startFleet();
  const observer = await watchTopics(masterSocket(), ['salt/event/myapp/#', 'salt/err/#']);
  const publish = (topic: string, payload: string) =>
    observer.connection.publish({ topic, payload: Buffer.from(payload), qos: 1, retain: false });
  await publish(`salt/op/${user}/fire/myapp/deployed`, '{"build":42,"user":"mallory"}');
  const fired = await observer.messages.waitFor(({ topic }) => topic === 'salt/event/myapp/deployed');
  expect(JSON.parse(fired.text)).toMatchObject({ user, data: { build: 42, user: 'mallory' } });
  await publish('salt/op/mallory/fire/myapp/forged', '{}');
  const refusal = await observer.messages.waitFor(({ topic }) => topic.startsWith('salt/err/'));
  expect(JSON.parse(refusal.text)).toMatchObject({ reason: 'acl' });
  await publish(`salt/op/${user}/fire/myapp/text`, 'not json');
  await observer.messages.waitFor(({ text }) => text.includes('"schema"'));
  expect(fleet.events.all.filter(({ tag }) => tag === 'myapp/forged' || tag === 'myapp/text')).toEqual([]);
  await observer.connection.close();
});

test("a minion's event is acknowledged when it is in the log", async () => {
  fleet = await startFleet({ minions: ['m1'] });
  await fleet.stopMinion('m1');
  const minion = await connectAs(fleet, 'm1');
  const fired = Array.from({ length: 200 }, (_, n) => Fire.encode({ id: 'm1', tag: `my/${n}` }, { n }));
  const { eventLog } = fleet.context();
  await Promise.all(
    fired.map(async (packet, n) => {
      await minion.publish(packet);
      expect(eventLog.read(0, 1000).some(({ tag }) => tag === `my/${n}`)).toBe(true);
    }),
  );
  const tags = eventLog.read(0, 1000).map(({ tag }) => tag);
  expect(tags.filter((tag) => tag.startsWith('my/'))).toEqual(fired.map((_, n) => `my/${n}`));
  await minion.close();
});

test('local events that a rule names go to the master, others stay', async () => {
  fleet = await startFleet();
  await fleet.startMinion('m1', { config: { forward_local_events: ['myapp/*', 'salt/*', '__*'] } });
  const local = await watchTopics(localSocket('m1'), ['$local/#']);
  const fire = (topic: string, payload: string) =>
    local.connection.publish({ topic, payload: Buffer.from(payload), qos: 1, retain: false });
  await fire('$local/other/x', '{"a":1}');
  await fire('$local/myapp/x', '{"a":2,"_stamp":"2020-01-01T00:00:00.000000"}');
  const crossed = await fleet.events.waitFor(({ tag }) => tag === 'myapp/x');
  expect(crossed.data).toMatchObject({ id: 'm1', data: { a: 2 }, _stamp: '2020-01-01T00:00:00.000000' });
  await fleet.run('m1', 'event.fire', [{ a: 3 }, 'myapp/y']);
  await fleet.events.waitFor(({ tag }) => tag === 'myapp/y');
  const tags = fleet.events.all.map(({ tag }) => tag);
  expect(tags.filter((tag) => tag === 'other/x' || tag.endsWith('/start') || tag.startsWith('__'))).toEqual([
    'salt/minion/m1/start',
  ]);
  await local.connection.close();
});

test('local events that come too fast stay on the machine, and the minion says how many', async () => {
  fleet = await startFleet();
  const config = { forward_local_events: ['myapp/*'], forward_local_events_rate: 1 };
  await fleet.startMinion('m1', { config });
  const local = await watchTopics(localSocket('m1'), ['$local/#']);
  for (let n = 0; n < 50; n++) {
    await local.connection.publish({ topic: `$local/myapp/${n}`, payload: Buffer.from('{}'), qos: 1, retain: false });
  }
  await local.messages.waitForCount(50);
  await fleet.minionLog.waitFor((line) => /faster than forward_local_events_rate.*limited=1/.test(line));
  await fleet.events.waitFor(({ tag }) => tag === 'myapp/4');
  await local.connection.close();
});

test('an event that is fired while the master is away keeps its time', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  await fleet.stopMaster();
  const local = await watchTopics(localSocket('m1'), ['$local/#']);
  const before = new Date().toISOString().slice(0, 23);
  const payload = Buffer.from('{"tag":"myapp/late","data":{"n":1}}');
  await local.connection.publish({ topic: '$local/fire_master', payload, qos: 1, retain: false });
  const heard = await local.messages.waitFor(({ topic }) => topic === '$local/fire_master');
  expect(heard.text).toContain('myapp/late');
  const after = new Date().toISOString().slice(0, 23);
  await fleet.startMaster();
  const { data } = await fleet.events.waitFor(({ tag }) => tag === 'myapp/late');
  const stamp = String(data._stamp);
  expect(stamp >= before && stamp.slice(0, 23) <= `${after}`).toBe(true);
  await local.connection.close();
});
