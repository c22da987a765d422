import { expect, test } from 'vitest';
import { settle, setUpDispatcher } from '../../../support/dispatcher_rig.ts';

test('a job whose return is being stored is not handed out again, whatever is asked meanwhile', async () => {
  const { dispatch, dispatcher, tracker, store, sent } = setUpDispatcher();
  const { jid } = await dispatch();
  await settle();
  store.hold();
  const stored = tracker.commit(jid, 'm1', 'succeed', { result: { id: 'm1', return: true, retcode: 0 } });
  dispatcher.requeue('m1');
  dispatcher.flush('m1');
  await settle();
  store.release();
  await stored;
  await settle();
  dispatcher.flush('m1');
  await settle();
  expect(sent).toHaveLength(1);
});

test('a job whose return comes while it is signed once more is not handed out again', async () => {
  const signed: (() => void)[] = [];
  const { dispatch, dispatcher, tracker, store, sent } = setUpDispatcher({
    sign: (payload) => new Promise((resolve) => signed.push(() => resolve(payload))),
  });
  const { jid } = await dispatch();
  signed.shift()?.();
  await settle();
  dispatcher.requeue('m1');
  dispatcher.flush('m1');
  store.hold();
  const stored = tracker.commit(jid, 'm1', 'succeed', { result: { id: 'm1', return: true, retcode: 0 } });
  signed.shift()?.();
  await settle();
  store.release();
  await stored;
  expect(sent).toHaveLength(1);
});

test('a job whose return could not be stored goes out again when the minion asks', async () => {
  const { dispatch, dispatcher, tracker, store, sent } = setUpDispatcher();
  const { jid } = await dispatch();
  await settle();
  store.hold();
  const stored = tracker.advance(jid, 'm1', 'succeed', { result: { id: 'm1', return: true, retcode: 0 } });
  dispatcher.requeue('m1');
  dispatcher.flush('m1');
  await settle();
  store.settle(new Error('disk full'));
  store.release();
  expect(await stored).toBe(false);
  dispatcher.requeue('m1');
  dispatcher.flush('m1');
  await settle();
  expect(sent.map(({ job }) => job.jid)).toEqual([jid, jid]);
});
