import { hidePositional } from '../../shared/plugin/hide_arguments.ts';
import type { JobPayload } from '../../shared/protocol/messages/job.ts';
import type { Jobs, RunningJob } from '../context.ts';
import { JobStop } from './job_stop.ts';

interface Entry {
  readonly job: JobPayload;
  readonly stop: JobStop;
  /** Process groups that the job started and that still run, by their leader's pid. */
  readonly children: Set<number>;
}

/** The jobs that run now, and the means to stop them. */
export interface JobTable extends Jobs {
  /** What tells the job that it is to stop. */
  start(job: JobPayload): JobStop;
  finish(jid: string): void;
  has(jid: string): boolean;
  /** A process of the job began; its pid is its group's too. */
  child(jid: string, pid: number, ended: Promise<unknown>): void;
  /** Stops a job that ran out of time. */
  timeOut(jid: string): void;
  size(): number;
}

export function createJobTable(kill: (pid: number, signal: number) => void, ownPid: number): JobTable {
  const entries = new Map<string, Entry>();
  return {
    start(job) {
      const stop = new JobStop();
      entries.set(job.jid, { job, stop, children: new Set() });
      return stop;
    },
    finish: (jid) => void entries.delete(jid),
    has: (jid) => entries.has(jid),
    size: () => entries.size,
    child(jid, pid, ended) {
      const children = entries.get(jid)?.children;
      if (children === undefined) return;
      children.add(pid);
      const forget = (): void => void children.delete(pid);
      ended.then(forget, forget);
    },
    timeOut: (jid) => entries.get(jid)?.stop.stop('timeout'),
    running: () => [...entries.values()].map((entry) => describe(entry, ownPid)),
    signal(jid, signal) {
      const entry = entries.get(jid);
      if (entry === undefined) return false;
      // Negative: the whole process group, so that what a shell started dies with it.
      for (const pid of entry.children) kill(-pid, signal);
      if (signal === 9 || signal === 15) entry.stop.stop('cancelled');
      return true;
    },
  };
}

function describe({ job, children }: Entry, ownPid: number): RunningJob {
  return {
    jid: job.jid,
    fun: job.fun,
    arg: hidePositional(job.fun, job.arg ?? []),
    tgt: job.tgt ?? '',
    tgt_type: job.tgt_type ?? 'glob',
    user: job.user ?? '',
    pid: [...children].at(-1) ?? ownPid,
  };
}
