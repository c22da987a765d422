import { beforeEach, expect, test } from 'vitest';
import { createMine, type Mine, type MineItem } from '../../../../master/mine/mine.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';

let clock: ReturnType<typeof fakeClock>;
let mine: Mine;
beforeEach(() => {
  clock = fakeClock();
  mine = createMine({ store: createMemoryStore(), clock, bytesMax: 2000 });
});

const tell = (id: string, items: Readonly<Record<string, MineItem>>, rest = {}) =>
  mine.update(id, { items, unchanged: [], clear: false, ...rest });

test('what a minion tells is read by function and minion', async () => {
  await tell('m1', { 'network.ip_addrs': { value: ['10.0.0.1'] }, 'test.ping': { value: true } });
  await tell('m2', { 'network.ip_addrs': { value: ['10.0.0.2'] } });
  expect(await mine.read(['network.ip_addrs', 'test.ping', 'nobody.knows'], ['m1', 'm2', 'm3'], 'm3')).toEqual({
    'network.ip_addrs': { m1: ['10.0.0.1'], m2: ['10.0.0.2'] },
    'test.ping': { m1: true },
    'nobody.knows': {},
  });
});

test('what is for some minions is seen by them, by its owner and by operators, and by nobody else', async () => {
  await tell('m1', {
    a: { value: 1, allow_tgt: 'web*' },
    b: { value: 2, allow_tgt: ['m2', 'm4'], allow_tgt_type: 'list' },
  });
  const seenBy = async (reader?: string) => {
    const { a, b } = await mine.read(['a', 'b'], ['m1'], reader);
    return [a?.m1, b?.m1];
  };
  expect(await seenBy('web1')).toEqual([1, undefined]);
  expect(await seenBy('m2')).toEqual([undefined, 2]);
  expect(await seenBy('m3')).toEqual([undefined, undefined]);
  expect(await seenBy('m1')).toEqual([1, 2]);
  expect(await seenBy()).toEqual([1, 2]);
});

test('an update leaves the rest as it is, with clear it takes the place of all', async () => {
  await tell('m1', { a: { value: 1 }, b: { value: 2 } });
  await tell('m1', { a: { value: 3 } });
  expect(await mine.read(['a', 'b'], ['m1'])).toEqual({ a: { m1: 3 }, b: { m1: 2 } });
  await tell('m1', { c: { value: 4 } }, { clear: true });
  expect(await mine.read(['a', 'b', 'c'], ['m1'])).toEqual({ a: {}, b: {}, c: { m1: 4 } });
});

test('what did not change keeps its age, and what the master does not have is asked for', async () => {
  await tell('m1', { a: { value: 1 } });
  clock.advance(60_000);
  expect(await tell('m1', {}, { unchanged: ['a', 'lost'] })).toEqual(['lost']);
  clock.advance(5000);
  expect(mine.ages('m1')).toEqual({ a: { checked_s: 5, changed_s: 65, bytes: expect.any(Number) } });
});

test('single functions are forgotten, and all of a minion', async () => {
  await tell('m1', { a: { value: 1 }, b: { value: 2 } });
  await tell('m10', { a: { value: 1 } });
  await mine.remove('m1', ['a', 'unknown']);
  expect(Object.keys(mine.ages('m1'))).toEqual(['b']);
  await mine.remove('m1');
  expect(mine.ages('m1')).toEqual({});
  expect(Object.keys(mine.ages('m10'))).toEqual(['a']);
});

test('a minion cannot keep more than its share, and what it had stays', async () => {
  await tell('m1', { a: { value: 'x'.repeat(1500) } });
  await expect(tell('m1', { b: { value: 'x'.repeat(600) } })).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    message: expect.stringContaining('limit 2000 (mine_bytes)'),
  });
  expect(Object.keys(mine.ages('m1'))).toEqual(['a']);
  await tell('m1', { b: { value: 'x'.repeat(600) } }, { clear: true });
  expect(Object.keys(mine.ages('m1'))).toEqual(['b']);
});
