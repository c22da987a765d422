import { randomBytes } from 'node:crypto';
import type { Broker } from '../broker/broker.ts';
import { nowSeconds } from '../shared/clock.ts';
import { MasterBeacon } from '../shared/protocol/messages/event.ts';
import { VERSION } from '../shared/version.ts';
import type { JobStore } from './jobs/job_store.ts';
import { createSweeper } from './jobs/sweep.ts';
import { ROTATED } from './keys/rotation.ts';
import type { MasterDeps, Parts } from './parts.ts';
import { watchClock } from './watch_clock.ts';

const SWEEP_MS = 1000;
const RETENTION_SWEEP_MS = 60_000;
/** More often: a burst of events fills a disk sooner than jobs do. */
const EVENT_SWEEP_MS = 5000;
const BEACON_MS = 60_000;
/** Salt's loop_interval. */
const PRESENCE_MS = 60_000;
/** Jobs removed at a time, so that the event loop stays free. */
const RETENTION_BATCH = 200;
/** What the master does from time to time. */
export function startTimers(
  { config, clock, log }: MasterDeps,
  { tracker, dispatcher, fleet, jobs, authority, rotation, bus, eventLog, incomingParts }: Parts,
  broker: Broker,
) {
  const timers = {
    startGraceSeconds: config.job_start_timeout,
    stepSeconds: config.job_step_timeout,
    runSeconds: config.job_timeout,
  };
  const sweepJobs = createSweeper({ tracker, timers, clock, fleet, isFull: dispatcher.isFull });
  const boot = randomBytes(4).toString('hex');
  const beacon = (): void => {
    const payload = { boot, time: nowSeconds(clock), v: 1, kid: authority.kid, version: `brine ${VERSION}` } as const;
    broker.publish(MasterBeacon.encode({}, payload, 'json'));
  };
  beacon();
  return [
    { stop: bus.listen((tag) => tag === ROTATED && beacon()) },
    clock.every(SWEEP_MS, () => {
      void sweepJobs();
      dispatcher.flushAll();
    }),
    // Minions judge by the master's time what is too late to run.
    watchClock(clock, (seconds) => {
      const what = seconds > 0 ? 'put forward, or it slept,' : 'put back';
      log.warning(`the clock of this machine was ${what} by ${Math.abs(seconds)} s: minions are told`);
      beacon();
      void rotation.tellAgain();
    }),
    clock.every(BEACON_MS, beacon),
    clock.every(PRESENCE_MS, () => {
      if (config.presence_events) bus.emit('salt/presence/present', { present: fleet.onlineIds() });
    }),
    clock.every(EVENT_SWEEP_MS, () => {
      eventLog.sweep().catch((error: unknown) => {
        log.error('old events could not be removed', { error: String(error) });
      });
    }),
    clock.every(RETENTION_SWEEP_MS, () => {
      incomingParts.sweep().catch((error: unknown) => {
        log.error('parts of returns that never came could not be removed', { error: String(error) });
      });
      if (config.keep_jobs_seconds === 0) return;
      removeOldJobs(jobs, new Date(clock.nowMs() - config.keep_jobs_seconds * 1000)).catch((error: unknown) => {
        log.error('old jobs could not be removed', { error: String(error) });
      });
    }),
  ];
}

/** Some at a time until none is left; what two sweeps remove at once is gone all the same. */
async function removeOldJobs(jobs: Pick<JobStore, 'removeBefore'>, before: Date): Promise<void> {
  const jid = before.toISOString().replace(/\D/g, '');
  while ((await jobs.removeBefore(jid, RETENTION_BATCH)) === RETENTION_BATCH);
}
