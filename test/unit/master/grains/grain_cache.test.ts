import { expect, test } from 'vitest';
import { createGrainCache } from '../../../../master/grains/grain_cache.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';

/** Of a store whose writes wait, and what its watchers heard. */
function setUp() {
  const store = createMemoryStore();
  const cache = createGrainCache(store);
  const told: unknown[] = [];
  cache.watch((_id, grains) => told.push(grains));
  store.hold();
  return { store, cache, told };
}

test('grains that are removed while they are being stored do not come back', async () => {
  const { store, cache, told } = setUp();
  const stored = cache.put('m1', 'hash', { os: 'Debian' });
  const removed = cache.remove('m1');
  store.release();
  await Promise.all([stored, removed]);
  expect(cache.of('m1')).toBeUndefined();
  expect(store.get('grains', ['m1'])).toBeUndefined();
  expect(told).toEqual([undefined]);
});

test('grains that cannot be stored are as they were before', async () => {
  const { store, cache, told } = setUp();
  const stored = cache.put('m1', 'hash', { os: 'Debian' });
  store.settle(new Error('no room'));
  await expect(stored).rejects.toThrow('no room');
  expect(cache.hashOf('m1')).toBeUndefined();
  expect(told).toEqual([]);
});
