import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { EmulatedFleet } from '../../../minion/emulator/emulated_fleet.ts';
import { type EmulateSetup, emulateFleet, whoFired } from '../../support/emulate_fleet.ts';
import { type FleetSetup, startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { until } from '../../support/until.ts';

const COUNT = 20;
/** For a master some of whose minions say nothing. */
const GIVES_UP_SOON = { job_start_timeout: 1, job_step_timeout: 2 };

let fleet: TestFleet;
let emulated: EmulatedFleet;
afterEach(async () => {
  await emulated.stop();
  await fleet.stop();
});

/** A master whose minions are emulated, all of them connected. */
async function start(setup: Partial<EmulateSetup> = {}, master: NonNullable<FleetSetup['master']> = {}): Promise<void> {
  fleet = await startFleet({ master });
  emulated = await emulateFleet({
    count: COUNT,
    directory: join(fleet.directory, 'emulated'),
    master: fleet.address(),
    ...setup,
  });
  await emulated.enrol();
  await emulated.connect();
  await untilOnline(emulated.ids.length);
}

/** As the master told it, since it told so many events. */
async function untilOnline(count: number, from = 0): Promise<void> {
  await fleet.events.waitFor(() => {
    const online = new Set<string>();
    for (const { data } of fleet.events.all.slice(from).filter(({ tag }) => tag === 'salt/presence/change')) {
      for (const id of data.lost as string[]) online.delete(id);
      for (const id of data.new as string[]) online.add(id);
    }
    return online.size === count;
  });
}

/** Who answered a ping with True. */
async function ping(timeout = 10): Promise<string[]> {
  const steps = await fleet.run('*', 'test.ping', [], {}, { timeout });
  return steps.filter((step) => step.t === 'ret' && step.return === true).map(({ id }) => String(id));
}

test('all of an emulated fleet answer, with signed jobs over TLS', async () => {
  await start();
  expect(new Set(await ping())).toEqual(new Set(emulated.ids));
  const [grains] = (await fleet.run('emu7', 'grains.item', ['id', 'os'])).filter(({ t }) => t === 'ret');
  expect(grains?.return).toEqual({ id: 'emu7', os: 'Emulated' });
  expect(emulated.counts).toMatchObject({ connects: COUNT, returns: COUNT + 1, withheld: 0 });
});

test('functions that touch the machine are not there', async () => {
  await start({ count: 1 });
  const [answer] = (await fleet.run('emu1', 'cmd.run', ['true'])).filter(({ t }) => t === 'ret');
  expect(answer).toMatchObject({ success: false, return: "'cmd.run' is not available." });
});

test('each return that is lost is missing, and no other', async () => {
  await start({ behaviour: { loss: 0.5 } }, GIVES_UP_SOON);
  const answered = await ping(1);
  expect(answered.length + emulated.counts.withheld).toBe(COUNT);
  expect(emulated.counts.returns).toBe(answered.length);
  expect(emulated.counts.withheld).toBeGreaterThan(0);
});

test('slow minions answer late, silent ones and those that send garbage never, copies are stored once', async () => {
  await start({ behaviour: { slow: 0.1, slowMs: 300, silent: 0.2, duplicates: 0.1, garbage: 0.1 } }, GIVES_UP_SOON);
  const steps = (await fleet.run('*', 'test.ping', [], {}, { timeout: 1 })).filter(({ t }) => t === 'ret');
  const answered = steps.filter((step) => step.return === true).map(({ id }) => String(id));
  // Of twenty the first two are slow, then come four that are silent, two that double and two that send garbage.
  const expected = emulated.ids.filter((_, index) => index < 2 || (index >= 6 && index !== 8 && index !== 9));
  expect([...answered].sort()).toEqual([...expected].sort());
  expect(new Set(answered.slice(-2))).toEqual(new Set(['emu1', 'emu2']));
  expect(fleet.events.all.filter(({ tag }) => tag.endsWith('/ret/emu7'))).toHaveLength(1);
});

test('what comes late or in the name of another is no answer, and frozen minions keep nobody waiting', async () => {
  await start({ behaviour: { late: 0.1, lateMs: 8000, impostors: 0.1, frozen: 0.1 } }, GIVES_UP_SOON);
  // Of twenty: two are late, then come two impostors and two that are frozen.
  expect(new Set(await ping(1))).toEqual(new Set(emulated.ids.slice(6)));
  await until('the late ones have returned', () => emulated.counts.returns === COUNT - 4);
  expect(emulated.counts.forged).toBe(2);
  expect(fleet.events.all.filter(({ tag }) => /\/ret\/emu[34]x?$/.test(tag))).toEqual([]);
});

test('a flood harms nobody else', async () => {
  await start({ behaviour: { flood: 0.1 } });
  await fleet.events.waitFor(() => fleet.events.all.some(({ tag }) => tag === 'emulated/flood'));
  expect(new Set(await ping())).toEqual(new Set(emulated.ids));
});

test('minions leave and come back, one after another, and what is kept for them is done', async () => {
  await start();
  const before = fleet.events.all.length;
  emulated.churn(10, 200);
  const changed = (what: 'new' | 'lost') =>
    new Set(fleet.events.all.slice(before).flatMap(({ data }) => (data[what] ?? []) as string[])).size;
  await fleet.events.waitFor(() => changed('lost') === COUNT);
  // Some are away, and some may leave before they have it.
  const [job] = await fleet.run('*', 'test.ping', [], {}, { queue_for: 60, async: true });
  emulated.churn(0, 0);
  const returned = () => fleet.events.all.filter(({ tag }) => tag.startsWith(`salt/job/${job?.jid}/ret/`));
  await fleet.events.waitFor(() => returned().length === COUNT);
  await untilOnline(COUNT);
  expect(new Set(returned().map(({ data }) => data.return))).toEqual(new Set([true]));
});

test('signatures are not checked when that is not wanted', async () => {
  await start({ count: 3, verify: false });
  expect(new Set(await ping())).toEqual(new Set(emulated.ids));
});

test('a reconnect storm and a restart of the master end with all of them connected, and with no job lost', async () => {
  await start({ behaviour: { latencyMs: { from: 1, to: 20 } } });
  const before = fleet.events.all.length;
  emulated.drop(0.5);
  const lost = () => new Set(fleet.events.all.slice(before).flatMap(({ data }) => (data.lost ?? []) as string[]));
  await fleet.events.waitFor(() => lost().size === COUNT / 2);
  await untilOnline(COUNT);
  await fleet.stopMaster();
  const restarted = fleet.events.all.length;
  await fleet.startMaster();
  const [job] = await fleet.run('*', 'test.ping', [], {}, { queue_for: 60, async: true });
  const returned = () => fleet.events.all.filter(({ tag }) => tag.startsWith(`salt/job/${job?.jid}/ret/`));
  await fleet.events.waitFor(() => returned().length === COUNT);
  expect(new Set(returned().map(({ data }) => data.return))).toEqual(new Set([true]));
  await untilOnline(COUNT, restarted);
  expect(emulated.online()).toBe(COUNT);
  expect(emulated.counts.connects).toBe(COUNT * 2.5);
});

test('events come at the rate that was asked for', async () => {
  await start();
  expect(await whoFired(fleet, emulated)).toEqual(new Set(emulated.ids));
});

test('what was enrolled once is known to the next process, and a ledger on disk remembers its jobs', async () => {
  await start({ count: 2, durable: true });
  await ping();
  await emulated.stop();
  await untilOnline(0);
  const again = { count: 2, directory: join(fleet.directory, 'emulated'), master: fleet.address(), durable: true };
  emulated = await emulateFleet({ ...again, tokenFor: () => Promise.reject(new Error('it is enrolled already')) });
  await emulated.enrol();
  await emulated.connect();
  await untilOnline(2);
  const ledger = readFileSync(join(fleet.directory, 'emulated', 'emu1', 'cache', 'ledger'), 'utf8');
  expect(ledger).toMatch(/^[0-9a-f]{8} \+ \d{20} \d+$/m);
  expect(new Set(await ping())).toEqual(new Set(['emu1', 'emu2']));
});
