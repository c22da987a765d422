import { expect, test } from 'vitest';
import type { EndedRow } from '../../../master/jobs/job_store.ts';
import { createJobStore } from '../../../master/jobs/job_store.ts';
import type { JobStateName } from '../../../shared/protocol/messages/operator.ts';
import { type Evidence, judge } from '../../chaos/judge.ts';
import { createMemoryStore } from '../../support/memory_store.ts';
import { START_AT, sampleJob } from '../../support/sample_job.ts';

const { jid, exp } = sampleJob();
const ran = (id: string, at = START_AT + 1, token = 't1') => ({ token, id, at });
const retTag = `salt/event/salt/job/${jid}/ret/m1`;

/** A run in which m1 succeeded and m2 ended as it is said, with one thing changed. */
async function evidence(
  change: {
    readonly m2?: JobStateName | undefined;
    readonly withoutReturn?: boolean;
    readonly without?: boolean;
    readonly isBatch?: boolean;
    /** How long m1 took. */
    readonly ms?: number;
  } & Partial<Omit<Evidence, 'jobs'>> = {},
): Promise<Evidence> {
  const jobs = createJobStore(createMemoryStore());
  const record = sampleJob({
    metadata: { chaos: 't1' },
    ...(change.isBatch && { batch: { size: 1, wait_ms: 0, start_s: 5 } }),
  });
  const row = (state: JobStateName): EndedRow => ({ state, since: START_AT + 2 });
  if (change.without !== true) {
    await jobs.addJob(record, new Map());
    await jobs.endRow(
      jid,
      'm1',
      row('succeeded'),
      change.withoutReturn
        ? undefined
        : { id: 'm1', jid, return: '', retcode: 0, success: true, ...(change.ms !== undefined && { ms: change.ms }) },
      false,
    );
    const m2 = 'm2' in change ? change.m2 : 'expired';
    if (m2 !== undefined) await jobs.endRow(jid, 'm2', row(m2), undefined, true);
  }
  return {
    jobs,
    accepted: new Map([['t1', { kind: 'accepted', jid, minions: ['m1', 'm2'] }]]),
    effects: [ran('m1')],
    takenUntil: new Map(),
    runSeconds: new Map(),
    events: new Map([[retTag, 1]]),
    ...change,
  };
}

const kindsOf = async (change: Parameters<typeof evidence>[0]): Promise<readonly string[]> =>
  (await judge(await evidence(change))).violations.map(({ kind }) => kind);

test('a run that kept every promise is acquitted and counted', async () => {
  expect(await judge(await evidence())).toEqual({
    violations: [],
    jobCount: 1,
    parts: { succeeded: 1, expired: 1 },
    effectCount: 1,
  });
});

test('a part of a batch is late by what the minion was told when its turn came', async () => {
  const effects = [ran('m1', exp + 20)];
  const until = (seconds: number) => new Map([[`${jid} m1`, seconds]]);
  expect(await kindsOf({ isBatch: true, effects, takenUntil: until(exp + 20) })).toEqual([]);
  expect(await kindsOf({ isBatch: true, effects, takenUntil: until(exp + 10) })).toEqual(['late']);
  expect(await kindsOf({ effects, takenUntil: until(exp + 20) })).toEqual(['late']);
});

test('a part that was stopped after it began is not late, one that began late is', async () => {
  const effects = [ran('m1', exp + 20)];
  const runSeconds = new Map([['t1', 22]]);
  expect(await kindsOf({ effects, ms: 22_000 })).toEqual([]);
  expect(await kindsOf({ effects, ms: 22_030, runSeconds })).toEqual(['late']);
  expect(await kindsOf({ effects, ms: 30 })).toEqual(['late']);
});

test.each(['interrupted', 'timed_out', 'cancelled'] as const)(
  'a part that is %s may have run once, or not',
  async (m2) => {
    expect(await kindsOf({ m2 })).toEqual([]);
    expect(await kindsOf({ m2, effects: [ran('m1'), ran('m2')] })).toEqual([]);
  },
);

test.each([
  ['a job that was accepted and is not stored', { without: true, effects: [] }, ['lost', 'lost']],
  ['a part that never ended', { m2: undefined }, ['lost']],
  [
    'a target that the stored job does not have',
    {
      accepted: new Map([['t1', { kind: 'accepted' as const, jid, minions: ['m1', 'm2', 'm3'] }]]),
    },
    ['lost'],
  ],
  [
    'a job that is stored under another id than was told',
    {
      accepted: new Map([['t1', { kind: 'accepted' as const, jid: '20260101000000000002', minions: ['m1'] }]]),
    },
    ['lost'],
  ],
  ['a part that ran twice', { effects: [ran('m1'), ran('m1')] }, ['duplicated', 'untrue']],
  ['a part that ran after its expiry', { effects: [ran('m1', exp + 2)] }, ['late']],
  ['a success that did not run', { effects: [] }, ['untrue']],
  ['a success without a return', { withoutReturn: true }, ['untrue']],
  ['an expired part that ran', { effects: [ran('m1'), ran('m2')] }, ['untrue']],
  ['a rejected part that ran', { m2: 'rejected' as const, effects: [ran('m1'), ran('m2')] }, ['untrue']],
  ['a side effect of a job that nobody knows', { effects: [ran('m1'), ran('m1', START_AT, 't9')] }, ['unrecorded']],
  ['a return that was told twice', { events: new Map([[retTag, 2]]) }, ['event_repeated']],
])('%s is found', async (_what, change, kinds) => {
  expect(await kindsOf(change)).toEqual(kinds);
});

test('a job whose answer never came may be stored or not', async () => {
  const accepted = new Map([['t1', { kind: 'unknown' as const }]]);
  expect(await kindsOf({ accepted })).toEqual([]);
  expect(await kindsOf({ accepted, without: true, effects: [] })).toEqual([]);
});
