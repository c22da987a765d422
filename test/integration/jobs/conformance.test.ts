import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Examination } from '../../../master/conformance/examine.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { addDevice, startDevice, type TestDevice } from '../../support/test_device.ts';

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await startFleet({ master: { tcp_interface: '127.0.0.1', tcp_port: 0 }, minions: ['m1'] });
});
afterAll(() => fleet.stop());

const examine = async (id: string, timeout: number): Promise<Examination> =>
  (await fleet.call('runner', 'conformance.run', [id], { timeout })) as Examination;

const resultsOf = ({ checks }: Examination) => Object.fromEntries(checks.map(({ name, result }) => [name, result]));

/** Answers whatever comes as `behave` says, until its socket is closed. */
async function careless(id: string, behave: (device: TestDevice, job: { jid: string; fun: string }) => void) {
  const device = await startDevice(fleet, await addDevice(fleet, id, { max_packet: 512 }));
  let seen = 0;
  void (async () => {
    for (;;) {
      const from = seen;
      const packet = await device.packets.waitFor(
        (one) => one.cmd === 'publish' && device.packets.all.indexOf(one) >= from,
      );
      seen = device.packets.all.indexOf(packet) + 1;
      if (packet.cmd !== 'publish') continue;
      device.write({ cmd: 'puback', messageId: packet.messageId ?? 0 });
      behave(device, JSON.parse(packet.payload.toString().split('\t')[0] ?? ''));
    }
  })().catch(() => undefined);
  return device;
}

test('a full minion passes everything', async () => {
  const result = await examine('m1', 5);
  expect(result.checks.filter(({ result: one }) => one !== 'passed')).toEqual([
    expect.objectContaining({ name: 'pulls what does not fit', result: 'skipped' }),
  ]);
  expect(result).toMatchObject({
    level: 'L3',
    max_packet: { declared: 262_144, answered: 262_144 },
    window: 16,
    round_trip_ms: expect.any(Number),
  });
});

test('a device that runs whatever it gets is told each of its mistakes', async () => {
  let count = 0;
  const device = await careless('careless', (it, { jid, fun }) => it.answer(jid, fun === 'test.ping' ? true : ++count));
  const result = await examine('careless', 0.3);
  expect(result.level).toBe('none');
  expect(resultsOf(result)).toMatchObject({
    'answers a job': 'passed',
    'says that it does not know a function': 'failed',
    'runs a job once': 'failed',
    'runs an older job after a newer one': 'passed',
    'does not run what has expired': 'failed',
    'does not run what is retained': 'failed',
    'takes the largest packet that it declared': 'passed',
    'refuses a wrong signature': 'failed',
    'refuses a job that is not signed': 'failed',
    "refuses another minion's job": 'failed',
    'comes back when its connection is closed': 'failed',
  });
  const twice = result.checks.find(({ name }) => name === 'runs a job once');
  expect(twice?.why).toMatch(/^it ran twice: 2 \(retcode 0\), then 3 \(retcode 0\)$/);
  expect(twice?.should).toContain('remember the jids');
  device.socket.destroy();
});

test('a device that says nothing is asked once', async () => {
  const device = await careless('silent', () => undefined);
  const result = await examine('silent', 0.1);
  expect(result).toMatchObject({ level: 'none', max_packet: { answered: 0 } });
  expect(Object.values(resultsOf(result))).toEqual(['failed', ...Array(result.checks.length - 1).fill('not tried')]);
  device.socket.destroy();
});
