import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../shared/clock.ts';
import { connectAs } from '../../support/connect_as.ts';
import { createGate } from '../../support/gate_module.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';

const HOUR_MS = 3_600_000;

let fleet: TestFleet;
let aheadMs = 0;
let hourly = new Set<() => void>();
afterEach(async () => {
  await fleet.stop();
  aheadMs = 0;
  hourly = new Set();
});

/** Of master and minion alike; what is done every hour is done when the test says so. */
const clock: Clock = {
  ...systemClock,
  nowMs: () => systemClock.nowMs() + aheadMs,
  every(periodMs, run) {
    if (periodMs !== HOUR_MS) return systemClock.every(periodMs, run);
    hourly.add(run);
    return { stop: () => void hourly.delete(run) };
  },
};
const passHours = (hours: number): void => {
  aheadMs += hours * HOUR_MS;
  for (const run of hourly) run();
};

const startShortLived = async (modules = {}): Promise<void> => {
  // Valid from a day before to a day after: renewed at two thirds to three quarters of that, 8 to 12 hours from now.
  fleet = await startFleet({ master: { minion_cert_days: 1 }, modules, clock });
  await fleet.startMinion('m1', { clock });
};
const endOfCertificate = async (): Promise<number> => {
  const pem = await readFile(join(fleet.directory, 'm1/etc/salt/pki/minion/minion.crt'), 'utf8');
  return Date.parse(new X509Certificate(pem).validTo);
};
const renewed = () => fleet.minionLog.waitFor((line) => line.includes('the master renewed the certificate'));

test('a connected minion has its certificate renewed in the last third, and neither connection nor job is disturbed', async () => {
  const gate = createGate();
  await startShortLived({ gate: gate.module });
  const before = await endOfCertificate();
  const running = fleet.run('m1', 'gate.wait', ['one']);
  await gate.entered.waitForCount(1);
  passHours(13);
  await renewed();
  expect((await endOfCertificate()) - before).toBeGreaterThanOrEqual(13 * HOUR_MS);
  gate.open('one');
  expect(await running).toContainEqual(expect.objectContaining({ t: 'ret', return: 'through one' }));
  expect(fleet.events.all.filter(({ tag }) => tag === 'salt/presence/change')).toHaveLength(1);
});

test('the renewed certificate opens the next connection', async () => {
  await startShortLived();
  passHours(13);
  await renewed();
  await fleet.stopMinion('m1');
  await (await connectAs(fleet, 'm1')).close();
});

test('a minion that comes back with a certificate in its last third has it renewed at once', async () => {
  await startShortLived();
  const before = await endOfCertificate();
  await fleet.stopMinion('m1');
  aheadMs = 20 * HOUR_MS;
  await fleet.startMinion('m1', { clock });
  await renewed();
  expect((await endOfCertificate()) - before).toBeGreaterThanOrEqual(20 * HOUR_MS);
});

test('a certificate before its last third stays as it is', async () => {
  await startShortLived();
  const before = await endOfCertificate();
  passHours(7);
  // A look ends before the next hour.
  await setImmediate();
  passHours(6);
  await renewed();
  expect(fleet.minionLog.all.filter((line) => line.includes('renewed the certificate'))).toHaveLength(1);
  expect((await endOfCertificate()) - before).toBeGreaterThanOrEqual(13 * HOUR_MS);
});
