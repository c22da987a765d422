import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Fire } from '../../../shared/protocol/messages/event.ts';
import { connectAs } from '../../support/connect_as.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { watchTopics } from '../../support/watch_topics.ts';

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await startFleet({ minions: ['m1', 'm2'] });
});
afterAll(() => fleet.stop());

const masterSocket = (): string => join(fleet.directory, 'master/var/run/salt/master/operator.sock');
const localSocket = (id: string): string => join(fleet.directory, id, 'var/run/salt/minion/local.sock');
const isEnd = ({ topic }: { topic: string }): boolean => topic.endsWith('/the/end');

test("what is fired on a minion's own bus stays on that machine", async () => {
  const master = await watchTopics(masterSocket(), ['#']);
  const own = await watchTopics(localSocket('m1'), ['$local/#']);
  const other = await watchTopics(localSocket('m2'), ['$local/#']);
  await fleet.run('m1', 'event.fire', [{ secret: 'of m1' }, 'myapp/ready']);
  const heard = await own.messages.waitFor(({ topic }) => topic === '$local/myapp/ready');
  expect(JSON.parse(heard.text)).toMatchObject({ secret: 'of m1' });

  await fleet.run('m1', 'event.fire_master', [{}, 'the/end']);
  await fleet.run('m2', 'event.fire', [{}, 'the/end']);
  await master.messages.waitFor(isEnd);
  await other.messages.waitFor(isEnd);
  expect(master.messages.all.filter(({ topic }) => topic.startsWith('$local'))).toEqual([]);
  expect(master.messages.all.filter(({ topic }) => topic.includes('myapp'))).toEqual([]);
  expect(other.messages.all.filter(({ topic }) => topic.includes('myapp'))).toEqual([]);
  await Promise.all([master, own, other].map(({ connection }) => connection.close()));
});

test("what happens on the master's bus is not heard on a minion's", async () => {
  const own = await watchTopics(localSocket('m1'), ['#', '$local/#']);
  await fleet.call('runner', 'event.send', ['myapp/deployed', { build: 42 }]);
  await fleet.events.waitFor(({ tag }) => tag === 'myapp/deployed');
  await fleet.run('m1', 'event.fire', [{}, 'the/end']);
  await own.messages.waitFor(isEnd);
  const foreign = own.messages.all.filter(({ topic }) => !topic.startsWith('$local/') || topic.includes('myapp'));
  expect(foreign).toEqual([]);
  await own.connection.close();
});

test("the master's broker refuses the local bus both ways, to operators and to minions", async () => {
  await expect(watchTopics(masterSocket(), ['$local/#'])).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
  const observer = await watchTopics(masterSocket(), ['salt/err/#']);
  await observer.connection.publish({ topic: '$local/x', payload: Buffer.from('{}'), qos: 1, retain: false });
  expect(JSON.parse((await observer.messages.waitForCount(1))[0]?.text ?? '')).toMatchObject({
    topic: '$local/x',
    reason: 'acl',
  });
  await fleet.stopMinion('m2');
  const minion = await connectAs(fleet, 'm2');
  await expect(minion.subscribe(['$local/#'])).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
  await minion.publish({ topic: '$local/y', payload: Buffer.from('{}'), qos: 1, retain: false });
  await observer.messages.waitFor(({ text }) => text.includes('$local/y'));
  await minion.close();
  await observer.connection.close();
  await fleet.startMinion('m2');
});

test('a minion hears of no other minion', async () => {
  await fleet.stopMinion('m2');
  const minion = await connectAs(fleet, 'm2');
  for (const filter of ['#', 'salt/job/#', 'salt/job/m1/#', 'salt/ret/#', 'salt/event/#', 'salt/job/+']) {
    await expect(minion.subscribe([filter])).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
  }
  await minion.close();
  await fleet.startMinion('m2');
});

test('an event that a minion may not fire is refused where it is fired', async () => {
  const steps = await fleet.run('m1', 'event.fire_master', [{ act: 'accept' }, 'salt/key']);
  expect(steps.at(-1)).toMatchObject({ return: expect.stringContaining('may not fire'), retcode: 1 });
});

test('a returner of a minion that cannot be used is heard of on the bus of the master', async () => {
  await fleet.run('m1', 'test.ping', [], {}, { ret: 'snik' });
  const { data } = await fleet.events.waitFor(({ tag }) => tag === 'salt/minion/m1/returner');
  expect(data).toMatchObject({ id: 'm1', returner: 'snik', state: 'blocked', waiting: 1 });
});

test("whatever a minion sends, an event that it may not fire does not reach the master's bus", async () => {
  await fleet.stopMinion('m2');
  const observer = await watchTopics(masterSocket(), ['salt/err/#']);
  const minion = await connectAs(fleet, 'm2');
  await minion.publish(Fire.encode({ id: 'm2', tag: 'salt/key' }, { act: 'accept' }));
  const report = await observer.messages.waitFor(({ topic }) => topic === 'salt/err/m2');
  expect(JSON.parse(report.text)).toMatchObject({
    topic: 'salt/fire/m2/salt/key',
    reason: 'acl',
    message: 'a minion may not fire events of tag salt/key',
  });
  await minion.close();
  await observer.connection.close();
  await fleet.startMinion('m2');
  expect(fleet.events.all.filter(({ tag, data }) => tag === 'salt/key' && data.cmd === '_minion_event')).toEqual([]);
});

test('the tag of an event that no topic can carry is refused where it is fired', async () => {
  for (const [fun, arg] of [
    ['event.fire_master', [{}, 'a//b']],
    ['event.fire', [{}, 'a/#']],
    ['event.send', ['x'.repeat(200)]],
  ] as const) {
    const steps = await fleet.run('m1', fun, arg);
    expect(steps.at(-1)).toMatchObject({
      return: expect.stringContaining('cannot be the tag of an event'),
      retcode: 1,
    });
  }
  await expect(fleet.call('runner', 'event.send', ['a+b'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
});
