import { expect, test } from 'vitest';
import { MessageIds } from '../../../broker/message_ids.ts';

test('ids go from 1 to 65,535 and around', () => {
  const ids = new MessageIds();
  const all = Array.from({ length: 65_536 }, () => ids.next());
  expect([all[0], all[65_534], all[65_535]]).toEqual([1, 65_535, 1]);
  expect(new Set(all).size).toBe(65_535);
});

test('an id that is waited for is not given out again', () => {
  const ids = new MessageIds();
  const held = ids.next(() => undefined);
  const others = Array.from({ length: 65_534 }, () => ids.next());
  expect(others).not.toContain(held);
  expect(ids.next()).toBe(2);
});

test('a release tells once, and one of an unknown id nobody', () => {
  const ids = new MessageIds();
  let count = 0;
  const id = ids.next(() => count++);
  for (const released of [id + 1, id, id]) ids.release(released);
  expect(count).toBe(1);
});

test('there is a limit to how many are waited for', () => {
  const ids = new MessageIds();
  const held = Array.from({ length: 16_384 }, () => ids.next(() => undefined));
  expect(ids.hasRoom).toBe(false);
  ids.release(held[7] as number);
  expect(ids.hasRoom).toBe(true);
});
