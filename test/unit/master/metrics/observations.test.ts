import { expect, test } from 'vitest';
import { type Observations, observeJobs, observeStore } from '../../../../master/metrics/observations.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';

const JID = '20260101000000500000';
const MADE_MS = Date.UTC(2026, 0, 1, 0, 0, 0, 500);

test('the age of a job is in its id', () => {
  const seen: unknown[] = [];
  const observations: Observations = {
    started: (seconds) => seen.push(['started', seconds]),
    ended: (state, seconds, reason) => seen.push([state, seconds, reason]),
  };
  const observe = observeJobs(observations, () => MADE_MS + 1500);
  const update = { id: 'm1', since: 0, reason: undefined, result: undefined };
  const result = { id: 'm1', jid: JID, return: true, retcode: 0, ms: 1000 };
  observe({ jid: JID }, { ...update, state: 'succeeded', result });
  observe({ jid: JID }, { ...update, state: 'rejected', reason: 'signature: no' });
  expect(seen).toEqual([
    ['succeeded', 1.5, undefined],
    ['started', 0.5],
    ['rejected', 1.5, 'signature: no'],
  ]);
});

test('a commit is timed, and one that failed is remembered until the next succeeds', async () => {
  const seconds: number[] = [];
  let nowMs = 0;
  let broken = false;
  const memory = createMemoryStore();
  const store = observeStore(
    {
      ...memory,
      async write(changes) {
        nowMs += 250;
        if (broken) throw new Error('no space left');
        await memory.write(changes);
      },
    },
    { committed: (one) => seconds.push(one) },
    () => nowMs,
  );
  const change = [{ table: 'jobs' as const, key: ['a'], value: 1 }];
  await store.write(change);
  expect(store.get('jobs', ['a'])).toBe(1);
  expect(store.failure()).toBeUndefined();
  broken = true;
  await expect(store.write(change)).rejects.toThrow('no space left');
  expect(store.failure()).toBe('no space left');
  broken = false;
  await store.write(change);
  expect(store.failure()).toBeUndefined();
  expect(seconds).toEqual([0.25, 0.25]);
});
