import { expect, test } from 'vitest';
import { createPace, createSharedTurns, createTurns, eachInTurns, inTurn } from '../../../shared/pace.ts';

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

test('what tasks put off to the end of their tick is of their turn', async () => {
  const takeTurn = createTurns(1);
  takeTurn(work);
  const ran: number[] = [];
  const numbers = Array.from({ length: 30 }, (_, index) => index);
  for (const n of numbers) {
    takeTurn(() => {
      process.nextTick(() => {
        work();
        ran.push(n);
      });
    });
  }
  let most = 0;
  while (ran.length < numbers.length) {
    const before = ran.length;
    await turn();
    most = Math.max(most, ran.length - before);
  }
  expect(ran).toEqual(numbers);
  expect(most).toBeLessThan(10);
});

test('whoever waits for a task hears what it made, or what it threw', async () => {
  const takeTurn = createTurns();
  expect(await inTurn(takeTurn, () => 'made')).toBe('made');
  const failing = inTurn(takeTurn, () => {
    throw new TypeError('a bug');
  });
  await expect(failing).rejects.toThrow('a bug');
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

test('work that waited long for its turn has a whole one', async () => {
  let pauses = 0;
  const pace = createPace(async () => {
    pauses++;
    for (let count = 0; count < 10; count++) work();
  });
  for (let count = 0; count < 3; count++) work();
  await pace();
  await pace();
  expect(pauses).toBe(1);
});

test('those who share turns have one between two looks at what else there is, in their order', async () => {
  const nextTurn = createSharedTurns();
  const had: string[] = [];
  const work = async (name: string): Promise<void> => {
    for (let count = 0; count < 2; count++) {
      await nextTurn();
      had.push(name);
    }
  };
  const all = Promise.all(['a', 'b', 'c'].map(work));
  const perTurn: number[] = [];
  while (had.length < 6) {
    const before = had.length;
    await turn();
    perTurn.push(had.length - before);
  }
  await all;
  expect(had.join('')).toBe('abcabc');
  expect(Math.max(...perTurn)).toBe(1);
});

test('what is done with each of many leaves turns to others', async () => {
  const done: number[] = [];
  let isOver = false;
  const items = Array.from({ length: 40 }, (_, index) => index);
  const all = eachInTurns(items, (item) => {
    work();
    done.push(item);
  }).then(() => {
    isOver = true;
  });
  await turn();
  expect([isOver, done.length < items.length]).toEqual([false, true]);
  await all;
  expect(done).toEqual(items);
});
