import { expect, test } from 'vitest';
import { limitParallel } from '../../../shared/limit_parallel.ts';

test('no more than the limit run at a time, in the order they came, whatever becomes of them', async () => {
  const limited = limitParallel(2);
  const started: number[] = [];
  let running = 0;
  let most = 0;
  const work = (n: number) => async (): Promise<number> => {
    started.push(n);
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    if (n === 1) throw new Error('no');
    return n;
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((n) => limited(work(n))));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(started).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
  expect(await limited(work(5))).toBe(5);
});
