import { expect, test } from 'vitest';
import { createTurns } from '../../../shared/pace.ts';

const TASK_MS = 2;

/** Work that keeps the event loop. */
function work(): void {
  const untilMs = performance.now() + TASK_MS;
  while (performance.now() < untilMs);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what comes alone is run at once', () => {
  const takeTurn = createTurns();
  const ran: string[] = [];
  takeTurn(() => ran.push('alone'));
  expect(ran).toEqual(['alone']);
});

test('of many tasks each turn runs some, in their order, and others have theirs in between', async () => {
  const takeTurn = createTurns();
  const ran: number[] = [];
  const numbers = Array.from({ length: 30 }, (_, index) => index);
  for (const n of numbers) {
    takeTurn(() => {
      work();
      ran.push(n);
    });
  }
  let before = 0;
  const inOneTurn: number[] = [];
  while (before < numbers.length) {
    inOneTurn.push(ran.length - before);
    before = ran.length;
    await turn();
  }
  expect(ran).toEqual(numbers);
  expect(Math.max(...inOneTurn)).toBeLessThan(10);
});

test('what comes while others wait is run after them', async () => {
  const takeTurn = createTurns();
  const ran: string[] = [];
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    takeTurn(() => {
      work();
      ran.push(name);
    });
  }
  await turn();
  takeTurn(() => ran.push('last'));
  while (!ran.includes('last')) await turn();
  expect(ran).toEqual(['a', 'b', 'c', 'd', 'e', 'last']);
});
