import { expect, test } from 'vitest';
import { createEventQueue } from '../../../../../minion/lib/beacon/event_queue.ts';
import { fakeContext } from '../../../../support/fake_context.ts';

test('what comes faster than it is read is kept up to a limit, and the log says that more is lost', () => {
  const { log, logged } = fakeContext();
  const queue = createEventQueue<number>(new AbortController().signal, log);
  for (let n = 0; n < 10_002; n++) queue.push(n);
  expect(queue.drain()).toHaveLength(10_000);
  expect(logged).toMatchObject([{ fields: { lost: 1 } }]);
});

test('who reads gets what waits, then the error', async () => {
  const queue = createEventQueue<number>(new AbortController().signal, fakeContext().log);
  queue.push(1);
  queue.end(new Error('over'));
  const read: number[] = [];
  const reading = async (): Promise<void> => {
    for await (const item of queue) read.push(item);
  };
  await expect(reading()).rejects.toThrow('over');
  expect(read).toEqual([1]);
});

test('the signal ends it', async () => {
  const abort = new AbortController();
  const queue = createEventQueue<number>(abort.signal, fakeContext().log);
  const next = queue[Symbol.asyncIterator]().next();
  abort.abort();
  expect(await next).toMatchObject({ done: true });
});
