import { expect, test } from 'vitest';
import { drawLimited } from '../../../../master/jobs/draw_limited.ts';

const ids = Array.from({ length: 200 }, (_, index) => `m${index}`);

test.each<[string | number, number]>([
  [10, 10],
  ['10', 10],
  ['10%', 20],
  ['0.1%', 1],
  ['100%', 200],
  [500, 200],
])('a limit of %s of 200 is %i', (limit, count) => {
  expect(new Set(drawLimited(ids, limit, 'a')).size).toBe(count);
});

test('the same seed draws the same minions, another others', () => {
  expect(drawLimited(ids, 10, 'a')).toEqual(drawLimited([...ids].reverse(), 10, 'a'));
  expect(drawLimited(ids, 10, 'a')).not.toEqual(drawLimited(ids, 10, 'b'));
});

test('who comes or goes moves no more than one place', () => {
  const before = drawLimited(ids, 10, 'a');
  const after = drawLimited([...ids, 'new'], 10, 'a');
  expect(before.filter((id) => !after.includes(id)).length).toBeLessThanOrEqual(1);
});
