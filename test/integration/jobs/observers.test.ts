import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { openDevice, type TestDevice } from '../../support/test_device.ts';

let fleet: TestFleet;
const clients: TestDevice[] = [];

beforeAll(async () => {
  fleet = await startFleet({
    master: { tcp_interface: '127.0.0.1', tcp_port: 0, slow_job_seconds: 0 },
    minions: ['m1'],
  });
});
afterAll(() => fleet.stop());
afterEach(() => {
  for (const client of clients.splice(0)) client.socket.destroy();
});

async function observer(name: string, topics: readonly string[], filter: string): Promise<TestDevice> {
  const password = String(await fleet.call('runner', 'observers.add', [name, topics]));
  const client = openDevice(fleet, { id: name, password, hmac_key: '' });
  clients.push(client);
  expect(await client.login(password, { clientId: `${name}-1` })).toBe(0);
  expect(await client.subscribe(filter)).toBe(1);
  return client;
}

const topicsOf = ({ packets }: TestDevice) => packets.all.flatMap((one) => (one.cmd === 'publish' ? [one.topic] : []));

test('an observer sees what it may see as JSON, and nothing else', async () => {
  const client = await observer('dash', ['salt/event/salt/job/#', 'salt/job/+'], '#');
  await fleet.run('m1', 'test.arg', [], { password: 'hunter2' });
  const { payload } = await client.next(({ topic }) => topic === 'salt/job/m1');
  await client.next(({ topic }) => topic.endsWith('/ret/m1'));
  expect(JSON.parse(payload.toString())).toMatchObject({ fun: 'test.arg', kwarg: { password: '**********' } });
  expect(topicsOf(client).filter((topic) => !/^salt\/(job\/m1|event\/salt\/job\/.*)$/.test(topic))).toEqual([]);
});

test('it may not publish, not even an event, and the attempt harms nobody', async () => {
  const client = await observer('mute', ['#'], 'salt/event/#');
  const before = fleet.context().counters().publishes_refused_acl ?? 0;
  client.publish('salt/op/mute/req/x', { op: 'job', tgt: '*', fun: 'test.ping' }, 1);
  client.publish('salt/event/salt/job/x/new', {}, 1);
  await fleet.run('m1', 'test.ping');
  await client.next(({ topic }) => topic.endsWith('/ret/m1'));
  expect(fleet.context().counters().publishes_refused_acl).toBe(before + 2);
});

test('what operators ask and hear is not for it', async () => {
  const client = await observer('nosy', ['#'], 'salt/op/#');
  const other = await observer('witness', ['#'], 'salt/event/#');
  await fleet.run('m1', 'test.ping');
  await other.next(({ topic }) => topic.endsWith('/ret/m1'));
  expect(topicsOf(client)).toEqual([]);
});

test('removed, it is disconnected at once', async () => {
  const client = await observer('gone', ['#'], '#');
  expect(await fleet.call('runner', 'observers.remove', ['gone'])).toBe(true);
  await client.closed;
});

test('what fails and what is slow is a topic', async () => {
  const client = await observer('pager', ['salt/idx/#'], 'salt/idx/#');
  await fleet.run('m1', 'cmd.run', ['false']);
  const failed = await client.next(({ topic }) => topic.startsWith('salt/idx/fail/'));
  expect(JSON.parse(failed.payload.toString())).toMatchObject({
    id: 'm1',
    fun: 'cmd.run',
    state: 'failed',
    retcode: 1,
  });
  await client.next(({ topic }) => topic.startsWith('salt/idx/slow/'));
});
