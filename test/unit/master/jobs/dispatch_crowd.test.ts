import { expect, test } from 'vitest';
import { nextTurn } from '../../../../shared/pace.ts';
import { createTestFleet } from '../../../support/create_test_fleet.ts';
import { FULL, type Sent, setUpDispatcher } from '../../../support/dispatcher_rig.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { START_AT } from '../../../support/sample_job.ts';

const numbers = (sent: readonly Sent[]): number[] => sent.map(({ job }) => Number(job.jid));
const crowd = Array.from({ length: 5000 }, (_, index) => `n${String(index).padStart(4, '0')}`);

/** A dispatcher and so many minions, each there or not. */
function setUpCrowd(isThere: boolean, overrides: Parameters<typeof setUpDispatcher>[0] = {}) {
  const clock = fakeClock();
  const fleet = createTestFleet({ acceptedIds: () => crowd, clock });
  for (const id of crowd) {
    fleet.setInfo(id, FULL);
    if (isThere) fleet.setOnline(id, START_AT);
  }
  const limits = { queuedPerMinionMax: 100, openMax: 100_000, inflightMax: 4 };
  return { ...setUpDispatcher({ fleet, clock, limits, ...overrides }), fleet };
}

/** The most that one turn of the event loop added to a count, until it is over. */
async function mostPerTurn(count: () => number, work: Promise<unknown>, isOver = (): boolean => true): Promise<number> {
  let isDone = false;
  void work.then(() => {
    isDone = true;
  });
  let most = 0;
  while (!isDone || !isOver()) {
    const before = count();
    await nextTurn();
    most = Math.max(most, count() - before);
  }
  await work;
  return most;
}

/** Work that takes 10 µs. */
function work(): void {
  for (const untilMs = performance.now() + 0.01; performance.now() < untilMs; );
}

test('a large fan-out leaves turns to others, and what was cancelled meanwhile is not sent', async () => {
  const { dispatch, dispatcher, sent } = setUpCrowd(true);
  const { jid } = await dispatch({ tgt: 'n*' });
  await Promise.resolve();
  expect(sent.length).toBeLessThan(crowd.length / 2);
  await dispatcher.cancel(jid, ['n4999'], 'cancelled by root');
  const turns: number[] = [];
  while (sent.length < crowd.length - 1) {
    turns.push(sent.length);
    await nextTurn();
  }
  expect(turns.length).toBeGreaterThan(2);
  expect(sent.map(({ id }) => id)).toEqual(crowd.slice(0, -1));
});

test('large jobs that are sent at once share the turns of one', async () => {
  const { dispatch, sent } = setUpCrowd(true);
  const jobs = 4;
  const dispatched = Promise.all(Array.from({ length: jobs }, () => dispatch({ tgt: 'n*' })));
  const most = await mostPerTurn(
    () => sent.length,
    dispatched,
    () => sent.length === jobs * crowd.length,
  );
  expect(most).toBeLessThan(crowd.length / 2);
  for (const id of ['n0000', 'n4999']) expect(numbers(sent.filter((one) => one.id === id))).toEqual([1, 2, 3, 4]);
});

test('what waits is looked after all the time, and no more of it is sent in a turn for that', async () => {
  const { dispatch, dispatcher, sent } = setUpCrowd(true);
  const dispatched = dispatch({ tgt: 'n*' });
  const look = (): boolean => {
    dispatcher.flushAll();
    return sent.length === crowd.length;
  };
  const most = await mostPerTurn(() => sent.length, dispatched, look);
  expect([most < crowd.length / 2, new Set(sent.map(({ id }) => id)).size]).toEqual([true, crowd.length]);
});

test('whom a large job is for is looked at little by little', async () => {
  let asked = 0;
  const clock = fakeClock();
  const fleet = createTestFleet({ acceptedIds: () => crowd, clock });
  const whyNot = (): undefined => {
    asked++;
    work();
  };
  const { dispatch, tracker } = setUpCrowd(false, { fleet: { ...fleet, whyNot }, clock });
  const most = await mostPerTurn(() => asked, dispatch({ tgt: 'n*', queue_for: 600 }));
  expect([asked, tracker.openCount()]).toEqual([crowd.length, crowd.length]);
  expect(most).toBeLessThan(crowd.length);
});

test('however many signatures come at once, jobs are sent some at a time, in their order', async () => {
  const signed: (() => void)[] = [];
  const sent: string[] = [];
  const { dispatch } = setUpCrowd(true, {
    sign: (payload) => new Promise((resolve) => signed.push(() => resolve(payload))),
    send(id) {
      work();
      sent.push(id);
      return true;
    },
  });
  await dispatch({ tgt: 'n*' });
  while (signed.length < crowd.length) await nextTurn();
  for (const resolve of signed) resolve();
  const areSent = (): boolean => sent.length === crowd.length;
  const most = await mostPerTurn(() => sent.length, Promise.resolve(), areSent);
  expect(most).toBeLessThan(crowd.length / 2);
  expect(sent).toEqual(crowd);
});

test('however many ends are stored together, they are told some at a time, in their order', async () => {
  const { dispatch, tracker, store } = setUpCrowd(true);
  const { jid } = await dispatch({ tgt: 'n*' });
  const told: string[] = [];
  tracker.watch(jid, ({ id, result }) => {
    if (result === undefined) return;
    work();
    told.push(id);
  });
  store.hold();
  const ends = crowd.map((id) => tracker.commit(jid, id, 'succeed', { result: { id, return: true, retcode: 0 } }));
  store.release();
  const most = await mostPerTurn(() => told.length, Promise.all(ends));
  expect(most).toBeLessThan(crowd.length / 2);
  expect(told).toEqual(crowd);
});

test('a large job is cancelled some minions at a time, those that have it too', async () => {
  const { dispatch, dispatcher, tracker, told, jobs, sent } = setUpCrowd(true);
  const waiting = await dispatch({ tgt: 'n*', batch: { size: 1 } });
  const most = await mostPerTurn(
    () => jobs.endedRows(waiting.jid).size,
    dispatcher.cancel(waiting.jid, undefined, 'cancelled by root'),
  );
  expect([most, tracker.get(waiting.jid)?.rows.size]).toEqual([128, 1]);
  told.length = 0;
  sent.length = 0;
  const running = await dispatch({ tgt: 'n*' });
  while (sent.length < crowd.length) await nextTurn();
  const cancelling = dispatcher.cancel(running.jid, undefined, 'cancelled by root');
  expect(told).toHaveLength(128);
  expect(await cancelling).toEqual(crowd);
  expect(told).toEqual(crowd.map((id) => `cancel ${running.jid} ${id}`));
  expect(jobs.cancelledIds(running.jid)).toEqual(crowd);
});
