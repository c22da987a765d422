import { expect, test } from 'vitest';
import { createJobStore } from '../../../../master/jobs/job_store.ts';
import { dueEnding, sweepJobs } from '../../../../master/jobs/sweep.ts';
import { createTracker, type Row } from '../../../../master/jobs/tracker.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { unheardEvent } from '../../../support/memory_bus.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';
import { START_AT, sampleJob } from '../../../support/sample_job.ts';

const timers = { startGraceSeconds: 60, stepSeconds: 600, runSeconds: 3600 };
const job = sampleJob();
const { exp } = job;
const row = (members: Partial<Row>): Row => ({
  id: 'm1',
  state: 'queued',
  since: START_AT,
  reason: undefined,
  aliveMs: 0,
  mayHaveIt: members.state !== undefined && members.state !== 'queued',
  exp,
  isCancelled: false,
  pid: undefined,
  isReturning: false,
  ending: undefined,
  ...members,
});

test.each([
  ['queued before its expiry', row({}), exp - 1, 0, undefined],
  ['queued at its expiry', row({}), exp, 0, 'expire'],
  ['queued, and the minion may have it', row({ mayHaveIt: true }), exp + 59, 0, undefined],
  ['queued, and the minion may have it, after the grace', row({ mayHaveIt: true }), exp + 60, 0, 'time_out'],
  ['queued again late, within the grace', row({ mayHaveIt: true, since: exp + 100 }), exp + 159, 0, undefined],
  ['queued again late, after the grace', row({ mayHaveIt: true, since: exp + 100 }), exp + 160, 0, 'time_out'],
  ['sent before its expiry', row({ state: 'sent' }), exp - 1, 0, undefined],
  ['sent within the grace', row({ state: 'sent' }), exp + 59, 0, undefined],
  ['sent after the grace', row({ state: 'sent' }), exp + 60, 0, 'time_out'],
  ['delivered within the grace', row({ state: 'delivered' }), exp + 59, 0, undefined],
  ['delivered after the grace', row({ state: 'delivered' }), exp + 60, 0, 'time_out'],
  ['running after its expiry', row({ state: 'running' }), exp + 61, 0, undefined],
  ['running and silent for less than a step', row({ state: 'running' }), exp, 599_999, undefined],
  ['running and silent for a step', row({ state: 'running' }), exp, 600_000, 'time_out'],
  ['running with a sign of life', row({ state: 'running', aliveMs: 1 }), exp, 600_000, undefined],
  [
    'running as long as it may, and the minion may still be stopping it',
    row({ state: 'running' }),
    START_AT + 3660,
    0,
    undefined,
  ],
  ['running longer than it may', row({ state: 'running' }), START_AT + 3661, 0, 'time_out'],
])('a part that is %s', (_what, part, seconds, monotonicMs, event) => {
  expect(dueEnding(job, part, timers, { seconds, monotonicMs })?.event).toBe(event);
});

test('the reason names the option that was reached', () => {
  const silent = dueEnding(job, row({ state: 'running' }), timers, { seconds: exp, monotonicMs: 600_000 });
  expect(silent?.reason).toBe('no sign of life for job_step_timeout (600 s)');
  const long = dueEnding(job, row({ state: 'running' }), timers, { seconds: exp + 9999, monotonicMs: 0 });
  expect(long?.reason).toBe('ran longer than its time limit (3600 s)');
});

test('a sweep ends what is due and nothing else', async () => {
  const clock = fakeClock();
  const jobs = createJobStore(createMemoryStore());
  const tracker = createTracker({
    jobs,
    open: [],
    clock,
    log: silentLogger,
    eventOf: unheardEvent,
    ended: () => undefined,
  });
  await tracker.add(job, new Map());
  await tracker.commit(job.jid, 'm2', 'run');
  await sweepJobs(tracker, timers, clock);
  expect(jobs.endedRows(job.jid).size).toBe(0);
  clock.advance(5000);
  await sweepJobs(tracker, timers, clock);
  expect([...jobs.endedRows(job.jid)]).toEqual([
    ['m1', { state: 'expired', since: exp, reason: 'expired before it could be sent' }],
  ]);
  expect(tracker.row(job.jid, 'm2')?.state).toBe('running');
});
