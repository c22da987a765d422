import { expect, test } from 'vitest';
import { type Circumstances, createSweeper, dueEnding } from '../../../../master/jobs/sweep.ts';
import type { Row } from '../../../../master/jobs/tracker.ts';
import { nextTurn } from '../../../../shared/pace.ts';
import { createTestFleet } from '../../../support/create_test_fleet.ts';
import { FULL, settle, setUpDispatcher } from '../../../support/dispatcher_rig.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { START_AT, sampleJob } from '../../../support/sample_job.ts';

const timers = { startGraceSeconds: 60, stepSeconds: 600, runSeconds: 3600 };
const job = sampleJob();
const { exp } = job;
const row = (members: Partial<Row>): Row => ({
  id: 'm1',
  state: 'queued',
  since: START_AT,
  reason: undefined,
  silentMs: 0,
  overdueMs: undefined,
  mayHaveIt: members.state !== undefined && members.state !== 'queued',
  exp,
  isCancelled: false,
  pid: undefined,
  isReturning: false,
  ending: undefined,
  ...members,
});
const full = (): boolean => true;
const circumstances = (members: Partial<Circumstances> = {}): Circumstances => ({
  nowSeconds: exp,
  heldUpSeconds: 0,
  fleet: { isOnline: () => true, onlineSince: () => START_AT, whyOffline: () => 'offline since then' },
  isFull: () => false,
  ...members,
});
const offline = { isOnline: () => false, onlineSince: () => 0, whyOffline: () => 'offline since then' };

test.each([
  ['queued before its expiry', row({}), undefined],
  ['queued at its expiry', row({ overdueMs: 0 }), 'expire'],
  ['queued, and the minion may have it', row({ mayHaveIt: true, overdueMs: 59_999 }), undefined],
  ['queued, and the minion may have it, after the grace', row({ mayHaveIt: true, overdueMs: 60_000 }), 'time_out'],
  ['sent before its expiry', row({ state: 'sent' }), undefined],
  ['sent within the grace', row({ state: 'sent', overdueMs: 59_999 }), undefined],
  ['sent after the grace', row({ state: 'sent', overdueMs: 60_000 }), 'time_out'],
  ['delivered within the grace', row({ state: 'delivered', overdueMs: 59_999 }), undefined],
  ['delivered after the grace', row({ state: 'delivered', overdueMs: 60_000 }), 'time_out'],
  ['running and silent for less than a step', row({ state: 'running', silentMs: 599_999 }), undefined],
  ['running and silent for a step', row({ state: 'running', silentMs: 600_000 }), 'time_out'],
  [
    'running too long, and the minion may still be stopping it',
    row({ state: 'running', overdueMs: 59_999 }),
    undefined,
  ],
  ['running longer than it may', row({ state: 'running', overdueMs: 60_000 }), 'time_out'],
  ['on its way back', row({ state: 'running', isReturning: true, overdueMs: 60_000 }), undefined],
])('a part that is %s', (_what, part, event) => {
  expect(dueEnding(job, part, timers, circumstances())?.event).toBe(event);
});

test('the reason names the option that was reached', () => {
  const reasonOf = (part: Row) => dueEnding(job, part, timers, circumstances())?.reason;
  expect(reasonOf(row({ state: 'running', silentMs: 600_000 }))).toBe('no sign of life for job_step_timeout (600 s)');
  expect(reasonOf(row({ state: 'running', overdueMs: 60_000 }))).toBe('ran longer than its time limit (3600 s)');
});

const batched = { ...job, batch: { size: 1, wait_ms: 0, start_s: 5 } };
test.each([
  ['the minion is away', row({}), { fleet: offline }, 'the minion is offline since then'],
  ['the master stood still', row({}), { heldUpSeconds: 3, isFull: full }, 'the master itself was held up for 3 s'],
  [
    'the master stood still later',
    row({}),
    { nowSeconds: exp + 9, heldUpSeconds: 3 },
    'the master itself did not come',
  ],
  ['the minion handed it back', row({ reason: 'outbox full' }), {}, 'the minion handed it back: outbox full'],
  ['the minion has enough', row({}), { isFull: full }, 'the minion has not started what it was sent before'],
  ['nothing was in its way', row({}), {}, 'the master itself did not come to it in time'],
])('when %s, a part that was never sent says so', (_why, part, seen, reason) => {
  const due = dueEnding(job, { ...part, overdueMs: 0 }, timers, circumstances(seen));
  expect(due?.reason).toContain(`expired before it could be sent: ${reason}`);
});

test('a part of a batch whose turn never came says so', () => {
  const due = dueEnding(batched, row({ overdueMs: 0 }), timers, circumstances());
  expect(due?.reason).toBe('expired before it could be sent: its turn in the batch did not come');
});

test.each([
  ['sent', row({ state: 'sent' }), {}, 'it was sent, but the minion neither acknowledged it nor said that it started'],
  ['acknowledged', row({ state: 'delivered' }), {}, 'the minion acknowledged it, but never said that it started'],
  ['sent to who is away', row({ mayHaveIt: true }), { fleet: offline }, 'may have got it, but is offline since then'],
  ['sent before a new connection', row({ mayHaveIt: true }), {}, 'may have got it on an earlier connection'],
])('a part that was %s and is given up says how far it got', (_what, part, seen, reason) => {
  const due = dueEnding(job, { ...part, overdueMs: 60_000 }, timers, circumstances(seen));
  expect(due).toMatchObject({ event: 'time_out', reason: expect.stringContaining(reason) });
});

test('a sweep ends what is due and nothing else', async () => {
  const { dispatch, fleet, tracker, jobs, pass } = setUpDispatcher();
  fleet.setOffline('m1', START_AT);
  const { jid } = await dispatch({ tgt: 'm1,m2', tgt_type: 'list', queue_for: 5 });
  await settle();
  await tracker.commit(jid, 'm2', 'run');
  await pass(4);
  expect(jobs.endedRows(jid).size).toBe(0);
  await pass(1);
  expect([...jobs.endedRows(jid)]).toMatchObject([['m1', { state: 'expired', since: START_AT + 5 }]]);
  expect(tracker.row(jid, 'm2')?.state).toBe('running');
});

test('what minions said while the master was held up is waited for before they are given up', async () => {
  const { dispatch, tracker, jobs, clock, pass } = setUpDispatcher();
  const sent = await dispatch({ tgt: 'm1' });
  const running = await dispatch({ tgt: 'm2', run_timeout: 1 });
  await settle();
  await tracker.commit(running.jid, 'm2', 'run');
  clock.advance(3_600_000);
  await pass(1);
  expect([...jobs.endedRows(sent.jid), ...jobs.endedRows(running.jid)]).toEqual([]);
  // Nothing was said: now they are.
  await pass(4);
  expect(jobs.endedRow(sent.jid, 'm1')?.state).toBe('timed_out');
  expect(jobs.endedRow(running.jid, 'm2')?.state).toBe('timed_out');
});

test('a master that is always too slow gives up what never answers all the same', async () => {
  const { dispatch, tracker, jobs, clock, fleet, dispatcher } = setUpDispatcher();
  const sweep = createSweeper({
    tracker,
    timers: { startGraceSeconds: 10, stepSeconds: 60, runSeconds: 100 },
    clock,
    fleet,
    isFull: dispatcher.isFull,
  });
  const { jid } = await dispatch({ tgt: 'm1' });
  await settle();
  // Six looks, half a minute apart, are ten seconds of listening after the first.
  for (let look = 0; look < 6; look++) {
    expect(jobs.endedRow(jid, 'm1')).toBeUndefined();
    clock.advance(30_000);
    await sweep();
  }
  expect(jobs.endedRow(jid, 'm1')?.state).toBe('timed_out');
});

test('a large job that expires ends some parts at a time, and one that gives a sign of life meanwhile does not', async () => {
  const { dispatch, tracker, jobs, clock, sweep, sent } = setUpDispatcher({
    limits: { queuedPerMinionMax: 10, openMax: 10_000, inflightMax: 4 },
    fleet: createCrowd(),
  });
  const { jid } = await dispatch({ tgt: 'n*' });
  while (sent.length < 1000) await settle();
  for (const ms of [5000, 2000]) {
    clock.advance(ms);
    await sweep();
  }
  clock.advance(2000);
  const sweeping = sweep();
  const counts: number[] = [];
  while (tracker.openCount() > 1) {
    counts.push(jobs.endedRows(jid).size);
    void tracker.advance(jid, 'n999', 'progress');
    await nextTurn();
  }
  await sweeping;
  expect(Math.max(...counts.map((count, at) => count - (counts[at - 1] ?? 0)))).toBe(128);
  expect(tracker.row(jid, 'n999')?.state).toBe('running');
});

/** A thousand minions that are there. */
function createCrowd() {
  const ids = Array.from({ length: 1000 }, (_, index) => `n${String(index).padStart(3, '0')}`);
  const fleet = createTestFleet({ acceptedIds: () => ids, clock: fakeClock() });
  for (const id of ids) {
    fleet.setOnline(id, START_AT);
    fleet.setInfo(id, FULL);
  }
  return fleet;
}
