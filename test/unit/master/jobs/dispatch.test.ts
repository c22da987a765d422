import { expect, test } from 'vitest';
import { createTracker, readOpenJobs } from '../../../../master/jobs/tracker.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { decodePayload } from '../../../../shared/protocol/codec.ts';
import type { JobPayload } from '../../../../shared/protocol/messages/job.ts';
import { FULL, type Sent, settle, setUpDispatcher } from '../../../support/dispatcher_rig.ts';
import { unheardEvent } from '../../../support/memory_bus.ts';
import { START_AT } from '../../../support/sample_job.ts';

const numbers = (sent: readonly Sent[]): number[] => sent.map(({ job }) => Number(job.jid));

test('a job is stored and told before it is sent', async () => {
  const { dispatch, store, sent, events } = setUpDispatcher();
  store.hold();
  const dispatched = dispatch();
  await settle();
  expect([sent, events]).toEqual([[], []]);
  store.release();
  const record = await dispatched;
  await settle();
  expect(events.map(({ tag }) => tag)).toEqual([`salt/job/${record.jid}/new`]);
  expect(sent).toMatchObject([{ id: 'm1', topic: 'salt/job/m1', job: { jid: record.jid, exp: START_AT + 5 } }]);
});

test('a job that cannot be stored is not sent and not told', async () => {
  const { dispatch, store, sent, events } = setUpDispatcher();
  store.hold();
  const dispatched = dispatch();
  await settle();
  store.settle(new Error('disk full'));
  await expect(dispatched).rejects.toThrow('disk full');
  await settle();
  expect([sent, events]).toEqual([[], []]);
});

test('a job and the event that tells of it are one write', async () => {
  const { dispatch, store } = setUpDispatcher();
  store.hold();
  const dispatched = dispatch();
  await settle();
  expect(store.waiting).toBe(1);
  store.release();
  const { jid } = await dispatched;
  expect(store.get('jobs', [jid])).toMatchObject({ jid });
  expect([...store.range('events')]).toHaveLength(1);
});

test('a full minion gets what was asked; a modest one no more than it needs', async () => {
  const { dispatch, sent, fleet } = setUpDispatcher();
  fleet.setInfo('m2', { ...FULL, enc: 'json', window: 1, max_packet: 256 });
  await dispatch({ tgt: 'm*', arg: ['x'], kwarg: { a: 1 }, metadata: { ticket: 7 } });
  await settle();
  const [full, modest] = sent.map(({ job }) => job);
  expect(full).toMatchObject({
    tgt: 'm*',
    tgt_type: 'glob',
    user: 'root',
    metadata: { ticket: 7 },
    timeout_ms: 3600e3,
  });
  expect(modest).toEqual({ jid: full?.jid, fun: 'test.ping', arg: ['x'], kwarg: { a: 1 }, exp: START_AT + 5 });
});

test('no more is in flight than the window, and the next goes when one runs', async () => {
  const { dispatch, sent, dispatcher } = setUpDispatcher();
  for (let job = 0; job < 6; job++) await dispatch();
  await settle();
  expect(numbers(sent)).toEqual([1, 2, 3, 4]);
  dispatcher.settled(String(sent[0]?.job.jid), 'm1');
  await settle();
  expect(numbers(sent)).toEqual([1, 2, 3, 4, 5]);
});

test("a minion's own window counts when it is smaller", async () => {
  const { dispatch, sent, fleet } = setUpDispatcher();
  fleet.setInfo('m1', { ...FULL, window: 1 });
  for (let job = 0; job < 3; job++) await dispatch();
  await settle();
  expect(numbers(sent)).toEqual([1]);
});

test('a part that is over makes room as well', async () => {
  const { dispatch, sent, tracker, fleet } = setUpDispatcher();
  fleet.setInfo('m1', { ...FULL, window: 1 });
  for (let job = 0; job < 2; job++) await dispatch();
  await settle();
  await tracker.commit(String(sent[0]?.job.jid), 'm1', 'reject');
  await settle();
  expect(numbers(sent)).toEqual([1, 2]);
});

test('jobs are sent in their order although they are signed at the same time', async () => {
  const signing: (() => void)[] = [];
  const { dispatch, sent } = setUpDispatcher({
    sign: (payload) => new Promise((resolve) => signing.push(() => resolve(payload))),
  });
  for (let job = 0; job < 3; job++) await dispatch();
  await settle();
  expect(signing).toHaveLength(3);
  for (const finish of signing.toReversed()) {
    finish();
    await settle();
  }
  expect(numbers(sent)).toEqual([1, 2, 3]);
});

test('a minion that is slow to sign for does not hold up another', async () => {
  const { dispatch, sent } = setUpDispatcher({
    sign: (payload, _encoding, id) => (id === 'm1' ? new Promise(() => undefined) : Promise.resolve(payload)),
  });
  await dispatch({ tgt: 'm*' });
  await settle();
  expect(sent.map(({ id }) => id)).toEqual(['m2']);
});

test('who is offline is expired at once, and the event names who is missing', async () => {
  const { dispatch, jobs, events, tracker } = setUpDispatcher();
  const { jid, minions } = await dispatch({ tgt: 'm*' });
  expect(minions).toEqual(['m1', 'm2', 'm3']);
  expect(jobs.endedRow(jid, 'm3')).toMatchObject({ state: 'expired', since: START_AT });
  expect(jobs.endedRow(jid, 'm3')?.reason).toMatch(/^not connected since the master started/);
  expect(events[0]?.data).toMatchObject({ minions: ['m1', 'm2', 'm3'], missing: ['m3'] });
  expect([...(tracker.get(jid)?.rows.keys() ?? [])]).toEqual(['m1', 'm2']);
});

test('with a queue, who is offline gets the job when it is there', async () => {
  const { dispatch, sent, fleet, dispatcher, clock } = setUpDispatcher();
  await dispatch({ tgt: 'm3', queue_for: 600 });
  clock.advance(500_000);
  fleet.setOnline('m3', START_AT + 500);
  fleet.setInfo('m3', FULL);
  dispatcher.flush('m3');
  await settle();
  expect(sent).toMatchObject([{ id: 'm3', job: { exp: START_AT + 600 } }]);
});

test('nothing is sent after its expiry', async () => {
  const { dispatch, sent, fleet, dispatcher, pass, jobs } = setUpDispatcher();
  const { jid } = await dispatch({ tgt: 'm3', queue_for: 600 });
  await pass(599);
  fleet.setOnline('m3', START_AT + 600);
  await pass(1);
  dispatcher.flush('m3');
  await settle();
  expect(sent).toEqual([]);
  expect(jobs.endedRow(jid, 'm3')).toMatchObject({
    state: 'expired',
    reason: 'expired before it could be sent: the minion connected at 2026-01-01 00:10:00 UTC',
  });
});

test('what expires on its way to the socket, while it is signed, is not sent, and ends as what never was', async () => {
  const signed: (() => void)[] = [];
  const { dispatch, sent, clock, pass, jobs } = setUpDispatcher({
    sign: (payload) => new Promise((resolve) => signed.push(() => resolve(payload))),
  });
  const { jid } = await dispatch();
  await pass(4);
  clock.advance(1000);
  signed[0]?.();
  await settle();
  await pass(1);
  expect(sent).toEqual([]);
  expect(jobs.endedRow(jid, 'm1')).toMatchObject({
    state: 'expired',
    reason: 'expired before it could be sent: the master itself did not come to it in time',
  });
});

test('what the minion may have is not sent again after its expiry, and not given up either', async () => {
  const { dispatch, sent, dispatcher, clock, tracker } = setUpDispatcher();
  const { jid } = await dispatch();
  await settle();
  dispatcher.requeue('m1');
  clock.advance(5000);
  dispatcher.flush('m1');
  await settle();
  expect(sent).toHaveLength(1);
  expect(tracker.row(jid, 'm1')).toMatchObject({ state: 'queued', mayHaveIt: true });
});

test('what was in flight when a connection ended is sent again, before all that is newer', async () => {
  const { dispatch, sent, dispatcher, tracker } = setUpDispatcher();
  for (let job = 0; job < 6; job++) await dispatch();
  await settle();
  await tracker.commit(String(sent[0]?.job.jid), 'm1', 'run');
  dispatcher.settled(String(sent[0]?.job.jid), 'm1');
  await settle();
  sent.length = 0;
  dispatcher.requeue('m1');
  dispatcher.flush('m1');
  await settle();
  expect(numbers(sent)).toEqual([2, 3, 4, 5]);
});

test('what a minion hands back is offered with the next flush, in its old place', async () => {
  const { dispatch, sent, dispatcher, tracker, fleet } = setUpDispatcher();
  fleet.setInfo('m1', { ...FULL, window: 2 });
  for (let job = 0; job < 4; job++) await dispatch();
  await settle();
  const first = String(sent[0]?.job.jid);
  await tracker.commit(first, 'm1', 'requeue', { mayHaveIt: false });
  dispatcher.postpone(first, 'm1');
  await settle();
  expect(numbers(sent)).toEqual([1, 2]);
  dispatcher.flush('m1');
  await settle();
  expect(numbers(sent)).toEqual([1, 2, 1]);
});

test('what the broker does not take waits for the next flush', async () => {
  let isTaken = false;
  const taken: string[] = [];
  const { dispatch, dispatcher, tracker } = setUpDispatcher({
    send(id) {
      if (isTaken) taken.push(id);
      return isTaken;
    },
  });
  const { jid } = await dispatch();
  await settle();
  expect(tracker.row(jid, 'm1')).toMatchObject({ state: 'queued', mayHaveIt: false });
  isTaken = true;
  dispatcher.flush('m1');
  await settle();
  expect(taken).toEqual(['m1']);
});

test('PUBACK is the state delivered', async () => {
  const { dispatch, sent, tracker } = setUpDispatcher();
  const { jid } = await dispatch();
  await settle();
  expect(tracker.row(jid, 'm1')?.state).toBe('sent');
  sent[0]?.acknowledged();
  expect(tracker.row(jid, 'm1')?.state).toBe('delivered');
});

test('a job that a minion has no room for is rejected with both sizes', async () => {
  const { dispatch, sent, fleet, jobs } = setUpDispatcher();
  fleet.setInfo('m1', { ...FULL, enc: 'json', max_packet: 256 });
  const { jid } = await dispatch({ arg: ['x'.repeat(300)] });
  await settle();
  expect(sent).toEqual([]);
  expect(jobs.endedRow(jid, 'm1')).toMatchObject({
    state: 'rejected',
    reason: expect.stringMatching(/^the job is \d{3} bytes as a packet, the minion takes 256 \(max_packet\)$/),
  });
});

test('a queue that is full refuses the whole job, naming the minion and the option', async () => {
  const { dispatch, sent } = setUpDispatcher({ limits: { queuedPerMinionMax: 2, openMax: 1000, inflightMax: 4 } });
  for (let job = 0; job < 2; job++) await dispatch({ tgt: 'm3', queue_for: 600 });
  await expect(dispatch({ tgt: 'm*', queue_for: 600 })).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    message: '2 jobs wait for minion m3 already',
    hint: expect.stringContaining('job_queue_max_per_minion'),
  });
  await settle();
  expect(sent).toEqual([]);
});

test('all minions together have a limit, too', async () => {
  const { dispatch } = setUpDispatcher({ limits: { queuedPerMinionMax: 100, openMax: 3, inflightMax: 4 } });
  await dispatch({ tgt: 'm*' });
  await expect(dispatch({ tgt: 'm*' })).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    hint: expect.stringContaining('job_queue_max_total'),
  });
});

test('a target that nobody matches says so as Salt does', async () => {
  await expect(setUpDispatcher().dispatch({ tgt: 'nobody' })).rejects.toMatchObject({
    code: 'TARGET_EMPTY',
    message: 'No minions matched the target. No command was sent, no jid was assigned.',
  });
});

test('all that is open of a minion is cancelled when its key goes', async () => {
  const { dispatch, dispatcher, jobs, tracker } = setUpDispatcher();
  const first = await dispatch({ tgt: 'm*' });
  const second = await dispatch({ tgt: 'm1', queue_for: 600 });
  dispatcher.abandon('m1', 'its key is deleted');
  await settle();
  for (const { jid } of [first, second]) {
    expect(jobs.endedRow(jid, 'm1')).toMatchObject({ state: 'cancelled', reason: 'its key is deleted' });
  }
  expect(tracker.row(first.jid, 'm2')).toBeDefined();
});

test('open parts of the store are queued again at the start, oldest first', async () => {
  const before = setUpDispatcher();
  for (let job = 0; job < 3; job++) await before.dispatch({ tgt: 'm3', queue_for: 600 });
  const sent: number[] = [];
  const { clock, jobs, fleet } = before;
  const open = await readOpenJobs(jobs);
  const tracker = createTracker({
    jobs,
    open,
    clock,
    log: silentLogger,
    eventOf: unheardEvent,
    ended: () => undefined,
  });
  fleet.setOnline('m3', START_AT);
  fleet.setInfo('m3', FULL);
  const again = setUpDispatcher({
    tracker,
    fleet,
    send: (_id, { payload }) => sent.push(Number((decodePayload(payload) as JobPayload).jid)) > 0,
  });
  again.dispatcher.flush('m3');
  await settle();
  expect(sent).toEqual([1, 2, 3]);
});

test('a part of a batch that is offline at its turn ends as expired, and the store keeps that', async () => {
  const { dispatch, tracker, jobs } = setUpDispatcher();
  const { jid } = await dispatch({ tgt: 'm1,m3', tgt_type: 'list', queue_for: 60, batch: { size: 1 } });
  await settle();
  await tracker.commit(jid, 'm1', 'succeed');
  await settle();
  expect(jobs.endedRow(jid, 'm3')).toMatchObject({ state: 'expired' });
  expect(tracker.get(jid)).toBeUndefined();
});

test('a part of a batch that was cancelled before its turn keeps that end, and the next gets its turn', async () => {
  const { dispatch, dispatcher, tracker, jobs, sent, fleet } = setUpDispatcher();
  fleet.setOnline('m3', START_AT);
  const { jid } = await dispatch({ tgt: 'm1,m2,m3', tgt_type: 'list', batch: { size: 1 } });
  await settle();
  await dispatcher.cancel(jid, ['m2'], 'cancelled by root');
  await settle();
  await tracker.commit(jid, 'm1', 'succeed');
  await settle();
  expect(jobs.endedRow(jid, 'm2')).toMatchObject({ state: 'cancelled' });
  expect(sent.map(({ id }) => id)).toEqual(['m1', 'm3']);
});
