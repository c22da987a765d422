import type { JobRecord } from '../../master/jobs/job_store.ts';

/** Seconds UTC at which test clocks start. */
export const START_AT = Date.UTC(2026, 0, 1) / 1000;

/** A job for m1 and m2 that expires after five seconds. */
export function sampleJob(members: Partial<JobRecord> = {}): JobRecord {
  return {
    jid: '20260101000000000001',
    fun: 'test.ping',
    arg: [],
    kwarg: {},
    tgt: '*',
    tgt_type: 'glob',
    user: 'root',
    minions: ['m1', 'm2'],
    exp: START_AT + 5,
    ...members,
  };
}
