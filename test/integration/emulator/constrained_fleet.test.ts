import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { EmulatedFleet } from '../../../minion/emulator/emulated_fleet.ts';
import { systemClock } from '../../../shared/clock.ts';
import { createLogger } from '../../../shared/log.ts';
import { type ConstrainedSetup, emulateConstrained, whoFired } from '../../support/emulate_fleet.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { until } from '../../support/until.ts';
import { Inbox } from '../broker/inbox.ts';

const COUNT = 20;

let fleet: TestFleet;
let emulated: EmulatedFleet;
let log: Inbox<string>;
afterEach(async () => {
  await emulated.stop();
  await fleet.stop();
});

/** Emulated constrained minions, all of them declared. */
async function emulate(setup: Partial<ConstrainedSetup> = {}): Promise<void> {
  log = new Inbox();
  emulated = emulateConstrained({
    count: COUNT,
    directory: join(fleet.directory, 'emulated'),
    port: Number(fleet.master().addresses[2]?.split(':').at(-1)),
    declare: (id, declaration) => fleet.call('wheel', 'key.add_constrained', [id], declaration),
    log: createLogger([{ level: 'warning', format: 'text', write: (line) => log.push(line) }], systemClock.nowMs),
    ...setup,
  });
  await emulated.enrol();
  await emulated.connect();
}

/** A master without TLS beside, whose minions are emulated. */
async function start(setup: Partial<ConstrainedSetup> = {}): Promise<void> {
  fleet = await startFleet({
    master: { tcp_interface: '127.0.0.1', tcp_port: 0, job_start_timeout: 1, job_step_timeout: 1 },
  });
  await emulate(setup);
}

/** Who answered a ping with True. */
async function ping(timeout = 10): Promise<string[]> {
  const steps = await fleet.run('*', 'test.ping', [], {}, { timeout });
  return steps.filter((step) => step.t === 'ret' && step.return === true).map(({ id }) => String(id));
}

async function answerOf(id: string, fun: string, arg: readonly unknown[] = []) {
  return (await fleet.run(id, fun, arg)).find(({ t }) => t === 'ret');
}

/** The results of the checks that are played at a minion, by name. */
async function examine(id: string): Promise<Record<string, string>> {
  const { checks } = (await fleet.call('runner', 'conformance.run', [id], { timeout: 1 })) as {
    checks: { name: string; result: string }[];
  };
  return Object.fromEntries(checks.map(({ name, result }) => [name, result]));
}

test.each([0, 1] as const)('all of a constrained fleet answer over TCP, with QoS %i', async (qos) => {
  // More than an operator may have questions open at a time.
  const count = 2 * COUNT;
  await start({ qos, count });
  expect(new Set(await ping())).toEqual(new Set(emulated.ids));
  expect(await answerOf('emu7', 'test.echo', ['good evening'])).toMatchObject({
    return: 'good evening',
    success: true,
  });
  expect(emulated.counts).toMatchObject({ connects: count, returns: count + 1, withheld: 0 });
});

test('a device that runs no job twice, late, retained or with a wrong HMAC: so the master judges it', async () => {
  await start({ count: 1 });
  expect(await examine('emu1')).toEqual({
    'answers a job': 'passed',
    'says that it does not know a function': 'passed',
    'runs a job once': 'passed',
    'runs an older job after a newer one': 'passed',
    'does not run what has expired': 'passed',
    'does not run what is retained': 'passed',
    'takes the largest packet that it declared': 'passed',
    'takes as many jobs at a time as it declared': 'passed',
    'refuses a wrong signature': 'passed',
    'refuses a job that is not signed': 'passed',
    "refuses another minion's job": 'passed',
    'comes back when its connection is closed': 'passed',
    'says that a job runs': 'passed',
    'stops a job that is cancelled': 'passed',
    'goes on when a cancellation is not signed': 'passed',
    'pulls what does not fit': 'absent',
    'speaks CBOR and checks Ed25519': 'absent',
  });
  expect(log.all.filter((line) => line.includes('the HMAC is not one of this job for emu1'))).not.toEqual([]);
});

test('what it is declared with it does, and what does not fit its packets is refused by the master', async () => {
  await start({ count: 2, declaration: { functions: ['led.set'], trust: 'connection' } });
  expect(await answerOf('emu1', 'led.set', [true])).toMatchObject({ return: true, success: true });
  const undeclared = JSON.stringify(await fleet.run('emu1', 'test.echo', ['hello']));
  expect(undeclared).toContain('emu1 has no test.echo, only test.ping, led.set');
  const tooLarge = JSON.stringify(await fleet.run('emu2', 'led.set', ['x'.repeat(300)]));
  expect(tooLarge).toMatch(/the job is \d+ bytes as a packet, the minion takes 256 \(max_packet\)/);
});

test('misbehaviour is that of full minions', async () => {
  await start({ behaviour: { slow: 0.1, slowMs: 300, silent: 0.2, duplicates: 0.1, garbage: 0.1, impostors: 0.1 } });
  const answered = await ping(1);
  // Of twenty: two are slow, then come four silent ones, two that double, two that send garbage, and two impostors.
  const expected = emulated.ids.filter((_, index) => index < 2 || index === 6 || index === 7 || index > 11);
  expect([...answered].sort()).toEqual([...expected].sort());
  expect(new Set(answered.slice(-2))).toEqual(new Set(['emu1', 'emu2']));
  expect(emulated.counts).toMatchObject({ withheld: 4, forged: 2 });
});

test('events arrive, and after a storm all are back', async () => {
  await start();
  expect(await whoFired(fleet, emulated)).toEqual(new Set(emulated.ids));
  emulated.drop(0.5);
  await until('half of them connected once more', () => emulated.counts.connects === COUNT * 1.5);
  expect(new Set(await ping())).toEqual(new Set(emulated.ids));
});

test('what was declared is known to the next process, and declared anew when it is to be something else', async () => {
  await start({ count: 2 });
  await emulated.stop();
  const declared: string[] = [];
  const declare: ConstrainedSetup['declare'] = (id, declaration) => {
    declared.push(id);
    return fleet.call('wheel', 'key.add_constrained', [id], declaration);
  };
  await emulate({ count: 3, declare });
  expect(declared).toEqual(['emu3']);
  expect(new Set(await ping())).toEqual(new Set(['emu1', 'emu2', 'emu3']));
  await emulated.stop();
  await emulate({ count: 1, declare, declaration: { max_packet: 1024 } });
  expect(declared).toEqual(['emu3', 'emu1']);
  expect(await answerOf('emu1', 'test.echo', ['x'.repeat(300)])).toMatchObject({ return: 'x'.repeat(300) });
});

test('a minion that the master does not know any more says what to do', async () => {
  await start({ count: 1 });
  await fleet.call('wheel', 'key.delete', [['emu1']]);
  await emulated.stop();
  await expect(emulate({ count: 1 })).rejects.toMatchObject({
    code: 'NOT_PERMITTED',
    message: expect.stringContaining('the master does not take emu1 as it was declared'),
    hint: expect.stringContaining('--operator-socket'),
  });
});
