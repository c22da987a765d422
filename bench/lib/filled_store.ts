import { createEventBus, type EventBus } from '../../master/events/event_bus.ts';
import { type EventLog, openEventLog } from '../../master/events/event_log.ts';
import { holdEnded } from '../../master/jobs/collect.ts';
import { createJobStore, type JobRecord, type JobStore } from '../../master/jobs/job_store.ts';
import { createTracker, readOpenJobs, type Tracker } from '../../master/jobs/tracker.ts';
import { openStore } from '../../master/store/open_store.ts';
import type { Store } from '../../master/store/store.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';

/** What a master keeps of jobs, joined as it joins it; there is nobody to send anything to. */
export interface JobDisk {
  readonly store: Store;
  readonly jobs: JobStore;
  readonly tracker: Tracker;
  readonly eventLog: EventLog;
  readonly bus: EventBus;
}

const FIRST_MS = Date.UTC(2026, 0, 1);
const clock = systemClock;
const log = silentLogger;

/** All of it reads what it needs to begin. */
export async function openJobDisk(folder: string, eventsKeptMs = 0): Promise<JobDisk> {
  const store = await openStore(folder, { clock, log });
  const eventLog = openEventLog({ store, keepMs: eventsKeptMs, bytesMax: 2 ** 40, clock, log });
  const bus = createEventBus({ eventLog, publish: () => undefined, clock, log });
  const jobs = createJobStore(store);
  const tracker = createTracker({
    jobs,
    open: await readOpenJobs(jobs),
    clock,
    log,
    eventOf: (record, update) => holdEnded(bus, record, update),
    ended: () => undefined,
  });
  return { store, jobs, tracker, eventLog, bus };
}

/** The job number so and so of a master that gives one a second. */
export function jidAt(index: number): string {
  return new Date(FIRST_MS + index * 1000).toISOString().replace(/\D/g, '').padEnd(20, '0');
}

/** A job that is sent to these minions: from here on their returns are awaited. */
export async function publishJob({ tracker, bus }: JobDisk, jid: string, minions: readonly string[]): Promise<void> {
  const record = jobOf(jid, minions);
  await tracker.add(record, new Map(), () => bus.hold(`salt/job/${jid}/new`, { jid, ...ASKED, minions }));
  for (const id of minions) await tracker.advance(jid, id, 'send');
}

/** A job that is over, with nothing of what became of it. */
export async function storeEndedJob({ jobs }: JobDisk, jid: string, minions: readonly string[]): Promise<void> {
  await jobs.addJob(jobOf(jid, minions), new Map());
  await jobs.closeJob(jid);
}

const ASKED = { fun: 'cmd.run', arg: ['df -h'], kwarg: {}, tgt: '*', tgt_type: 'glob', user: 'root' } as const;

function jobOf(jid: string, minions: readonly string[]): JobRecord {
  return { jid, ...ASKED, minions, exp: Math.ceil(clock.nowMs() / 1000) + 3600 };
}

/** Resolves when the master would acknowledge it. */
export async function storeReturn({ tracker }: JobDisk, jid: string, id: string): Promise<void> {
  const result = { id, jid, fun: 'cmd.run', fun_args: ['df -h'], return: OUTPUT, retcode: 0, success: true, ms: 12 };
  await tracker.commit(jid, id, 'succeed', { result, reason: undefined });
}

const OUTPUT = `Filesystem      Size  Used Avail Use% Mounted on
/dev/vda        252G   24G   79G  23% /
tmpfs            12G  1.1M   12G   1% /run`;
