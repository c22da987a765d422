import { expect, test } from 'vitest';
import { charactersOf, goodBehaviour } from '../../../../minion/emulator/behaviour.ts';

test('shares of minions are handed out in order, and the rest are good', () => {
  expect(charactersOf(5, { ...goodBehaviour, slow: 0.2, silent: 0.4 })).toEqual([
    'slow',
    'silent',
    'silent',
    'good',
    'good',
  ]);
  expect(charactersOf(2, goodBehaviour)).toEqual(['good', 'good']);
});

test('shares that come to more than all leave nobody good and nobody over', () => {
  expect(charactersOf(2, { ...goodBehaviour, slow: 0.5, garbage: 1 })).toEqual(['slow', 'garbage']);
});
