import { expect, test } from 'vitest';
import { createReactionStore, type ReactionRecord } from '../../../../master/reactor/reaction_store.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';

function record(cursor: number, state: ReactionRecord['state'] = 'succeeded'): ReactionRecord {
  return { cursor, tag: 'a/b', file: '/a.sls', id: 'x', call: 'runner.manage.up', state, at: 1 };
}
const event = (cursor: number) => ({ cursor, tag: 'a/b', data: {}, depth: 0, attempt: 0 });

test('the newest reactions are remembered, and none that is not over or that may come again', async () => {
  const store = createReactionStore(createMemoryStore(), 3);
  await store.put('k', record(1, 'started'), event(1));
  for (let cursor = 2; cursor <= 8; cursor++) await store.put('k', record(cursor), event(cursor));
  await store.trim(4);
  expect(store.history(10).map(({ cursor }) => cursor)).toEqual([8, 7, 6, 5, 4, 1]);
  await store.put('k', record(1), event(1));
  await store.trim(9);
  expect(store.history(10).map(({ cursor }) => cursor)).toEqual([8, 7, 6]);
});

test('of dead letters the oldest make room', async () => {
  const memory = createMemoryStore();
  const store = createReactionStore(memory, 10_000);
  for (let cursor = 1; cursor <= 1002; cursor++) await store.put('k', record(cursor, 'failed'), event(cursor));
  expect(store.deadCount()).toBe(1000);
  expect([store.deadLetter('2.k'), store.deadLetter('3.k')?.cursor]).toEqual([undefined, 3]);
  await store.removeDeadLetter('3.k');
  await store.removeDeadLetter('3.k');
  expect([store.deadCount(), createReactionStore(memory, 1).deadCount()]).toEqual([999, 999]);
});
