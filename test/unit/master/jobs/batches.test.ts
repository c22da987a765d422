import { expect, test } from 'vitest';
import { FULL, restartDispatcher, type Sent, settle, setUpDispatcher } from '../../../support/dispatcher_rig.ts';
import { START_AT } from '../../../support/sample_job.ts';

test('a batch hands out its next part when one has ended, and each part has its own time to start', async () => {
  const { clock, dispatch, tracker, sent } = setUpDispatcher();
  const { jid } = await dispatch({ tgt: ['m1', 'm2'], tgt_type: 'list', batch: { size: 1 } });
  await settle();
  expect(sent.map(({ id }) => id)).toEqual(['m1']);
  clock.advance(60_000);
  await tracker.commit(jid, 'm1', 'succeed', { result: { id: 'm1', return: true, retcode: 0, success: true } });
  await settle();
  await settle();
  expect(sent.map(({ id }) => id)).toEqual(['m1', 'm2']);
  const [first, second] = sent;
  expect((second as Sent).job.exp - (first as Sent).job.exp).toBe(60);
});

test('a restarted master goes on with a batch where it was', async () => {
  const before = setUpDispatcher();
  const { jid } = await before.dispatch({ tgt: ['m1', 'm2'], tgt_type: 'list', batch: { size: 1 } });
  await settle();
  const { tracker, dispatcher, sent } = await restartDispatcher(before.store);
  for (const id of ['m1', 'm2']) dispatcher.flush(id);
  await settle();
  expect(sent.map(({ id }) => id)).toEqual(['m1']);
  await tracker.commit(jid, 'm1', 'succeed', { result: { id: 'm1', return: true, retcode: 0, success: true } });
  await settle();
  await settle();
  expect(sent.map(({ id }) => id)).toEqual(['m1', 'm2']);
});

test('a restarted master waits a minute for the minions of a batch to come back', async () => {
  const before = setUpDispatcher();
  const { jid } = await before.dispatch({ tgt: ['m1', 'm2'], tgt_type: 'list', batch: { size: 1 } });
  await settle();
  const { clock, tracker, dispatcher, fleet, jobs, sent } = await restartDispatcher(before.store);
  fleet.setOffline('m2', START_AT);
  await tracker.commit(jid, 'm1', 'succeed', { result: { id: 'm1', return: true, retcode: 0, success: true } });
  await settle();
  expect(jobs.endedRow(jid, 'm2')).toBeUndefined();
  clock.advance(50_000);
  fleet.setOnline('m2', START_AT + 50);
  fleet.setInfo('m2', FULL);
  dispatcher.flush('m2');
  await settle();
  expect(sent.at(-1)?.id).toBe('m2');
});

test('after that minute a part of a resumed batch whose minion is offline is over at once', async () => {
  const before = setUpDispatcher();
  const { jid } = await before.dispatch({ tgt: ['m1', 'm2'], tgt_type: 'list', batch: { size: 1 } });
  await settle();
  const { clock, tracker, fleet, jobs } = await restartDispatcher(before.store);
  fleet.setOffline('m2', START_AT);
  clock.advance(61_000);
  await tracker.commit(jid, 'm1', 'succeed', { result: { id: 'm1', return: true, retcode: 0, success: true } });
  await settle();
  expect(jobs.endedRow(jid, 'm2')).toMatchObject({ state: 'expired' });
});

test('a part of a batch whose minion is offline when its turn comes is over at once', async () => {
  const { dispatch, fleet, jobs, tracker } = setUpDispatcher();
  const { jid } = await dispatch({ tgt: ['m1', 'm2'], tgt_type: 'list', batch: { size: 1 } });
  fleet.setOffline('m2', START_AT);
  await tracker.commit(jid, 'm1', 'succeed', { result: { id: 'm1', return: true, retcode: 0, success: true } });
  await settle();
  expect(jobs.endedRow(jid, 'm2')).toMatchObject({
    state: 'expired',
    reason: expect.stringContaining('offline since'),
  });
});

test('failhard ends what was not handed out', async () => {
  const { dispatch, jobs, tracker } = setUpDispatcher();
  const { jid } = await dispatch({ tgt: ['m1', 'm2'], tgt_type: 'list', batch: { size: 1, failhard: true } });
  await tracker.commit(jid, 'm1', 'fail', { result: { id: 'm1', return: 'no', retcode: 1, success: false } });
  await settle();
  expect(jobs.endedRow(jid, 'm2')).toMatchObject({
    state: 'cancelled',
    reason: '1 failed, which is the limit of this batch',
  });
});

test('what was cancelled stays cancelled when the master is restarted before the minion is back', async () => {
  const { dispatch, dispatcher, fleet, store } = setUpDispatcher();
  const { jid } = await dispatch({ queue_for: 600 });
  await settle();
  fleet.setOffline('m1', START_AT);
  dispatcher.requeue('m1');
  expect(await dispatcher.cancel(jid, undefined, 'cancelled by root')).toEqual(['m1']);
  const restarted = await restartDispatcher(store);
  restarted.dispatcher.flush('m1');
  await settle();
  expect([restarted.sent, restarted.told]).toEqual([[], [`cancel ${jid} m1`]]);
});

test('a cancelled job is over where it was not sent, and told where it may be', async () => {
  const { dispatch, dispatcher, fleet, jobs, sent, told } = setUpDispatcher();
  fleet.setInfo('m1', { ...FULL, window: 1 });
  const running = await dispatch();
  const waiting = await dispatch();
  await settle();
  sent.length = 0;
  expect(await dispatcher.cancel(waiting.jid, undefined, 'cancelled by root')).toEqual(['m1']);
  expect(await dispatcher.cancel(running.jid, ['m1'], 'cancelled by root')).toEqual(['m1']);
  expect(await dispatcher.cancel(running.jid, ['m2'], 'cancelled by root')).toEqual([]);
  await settle();
  expect(jobs.endedRow(waiting.jid, 'm1')).toMatchObject({ state: 'cancelled', reason: 'cancelled by root' });
  expect([sent, told]).toEqual([[], [`cancel ${running.jid} m1`]]);
});

test('a minion that comes back is told again what was cancelled, instead of being sent it', async () => {
  const { dispatch, dispatcher, fleet, sent, told } = setUpDispatcher();
  const { jid } = await dispatch();
  await settle();
  fleet.setOffline('m1', START_AT);
  dispatcher.requeue('m1');
  await dispatcher.cancel(jid, undefined, 'cancelled by root');
  sent.length = 0;
  told.length = 0;
  fleet.setOnline('m1', START_AT);
  dispatcher.flush('m1');
  await settle();
  expect([sent, told]).toEqual([[], [`cancel ${jid} m1`]]);
});
