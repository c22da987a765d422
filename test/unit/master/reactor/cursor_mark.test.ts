import { expect, test } from 'vitest';
import { createCursorMark } from '../../../../master/reactor/cursor_mark.ts';

test('the position stays behind the oldest event that is not done', () => {
  const mark = createCursorMark(10);
  expect(mark.position()).toBe(10);
  mark.read(11, 1);
  mark.read(12, 0);
  mark.read(13, 2);
  expect([mark.position(), mark.openCount()]).toEqual([10, 2]);
  mark.done(13);
  expect(mark.position()).toBe(10);
  mark.done(11);
  expect(mark.position()).toBe(12);
  mark.done(13);
  expect([mark.position(), mark.openCount()]).toEqual([13, 0]);
});
