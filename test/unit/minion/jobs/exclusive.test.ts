import { expect, test } from 'vitest';
import { createExclusive } from '../../../../minion/jobs/exclusive.ts';

const stamp = '2026-11-22T09:30:47.146000';
const job = (jid: number, kwarg: Record<string, unknown> = {}) => ({
  jid: String(jid).padStart(20, '0'),
  fun: 'state.apply',
  kwarg,
  exp: 0,
});
const { signal } = new AbortController();

test('a second job of a group is refused while the first runs, with whose turn it is', async () => {
  const exclusive = createExclusive(4711, () => stamp);
  const leave = await exclusive.enter('state', job(1), signal);
  await expect(exclusive.enter('state', job(2), signal)).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    message: `The function "state.apply" is running as PID 4711 and was started at ${stamp} with jid 00000000000000000001`,
  });
  leave();
  await expect(exclusive.enter('state', job(3), signal)).resolves.toBeTypeOf('function');
});

test('with queue=True it waits for its turn, one after another', async () => {
  const exclusive = createExclusive(4711, () => stamp);
  const order: number[] = [];
  const leave = await exclusive.enter('state', job(1), signal);
  const others = [2, 3].map(async (jid) => {
    const end = await exclusive.enter('state', job(jid, { queue: true }), signal);
    order.push(jid);
    end();
  });
  expect(order).toEqual([]);
  leave();
  await Promise.all(others);
  expect(order).toEqual([2, 3]);
});

test('another group is another turn', async () => {
  const exclusive = createExclusive(4711, () => stamp);
  await exclusive.enter('state', job(1), signal);
  await expect(exclusive.enter('orchestrate', job(2), signal)).resolves.toBeTypeOf('function');
});

test('a job that is cancelled while it waits does not run', async () => {
  const exclusive = createExclusive(4711, () => stamp);
  const abort = new AbortController();
  await exclusive.enter('state', job(1), signal);
  const waiting = exclusive.enter('state', job(2, { queue: true }), abort.signal);
  abort.abort('cancelled');
  await expect(waiting).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
});

test('a job that was cancelled before it would wait does not wait', async () => {
  const exclusive = createExclusive(4711, () => stamp);
  await exclusive.enter('state', job(1), signal);
  const waiting = exclusive.enter('state', job(2, { queue: true }), AbortSignal.abort('cancelled'));
  await expect(waiting).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
});
