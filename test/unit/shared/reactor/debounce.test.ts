import { expect, test } from 'vitest';
import { createDebounce } from '../../../../shared/reactor/debounce.ts';
import { fakeClock } from '../../../support/fake_context.ts';

function rig() {
  const clock = fakeClock();
  const settled: string[] = [];
  const superseded: string[] = [];
  const debounce = createDebounce<string>(clock, {
    settled: (thing) => settled.push(thing),
    superseded: (thing) => superseded.push(thing),
  });
  return { clock, settled, superseded, debounce };
}

test('of things that follow each other closely the last goes through, when it has been quiet', () => {
  const { clock, settled, superseded, debounce } = rig();
  debounce.offer('a', 'first', 1000);
  clock.advance(900);
  debounce.offer('a', 'second', 1000);
  debounce.offer('b', 'other', 1000);
  clock.advance(900);
  expect(settled).toEqual([]);
  clock.advance(100);
  expect([settled, superseded]).toEqual([['second', 'other'], ['first']]);
});

test('what never stops goes through all the same, after ten times its debounce', () => {
  const { clock, settled, debounce } = rig();
  for (let index = 0; index < 21; index++) {
    debounce.offer('a', String(index), 1000);
    clock.advance(500);
  }
  expect(settled).toEqual(['19']);
});

test('what waits is forgotten when it is stopped', () => {
  const { clock, settled, debounce } = rig();
  debounce.offer('a', 'x', 1000);
  debounce.stop();
  clock.advance(5000);
  expect(settled).toEqual([]);
});

test('beyond a thousand keys nothing is put off', () => {
  const { settled, debounce } = rig();
  for (let index = 0; index < 1001; index++) debounce.offer(`key ${index}`, String(index), 1000);
  expect(settled).toEqual(['1000']);
});
