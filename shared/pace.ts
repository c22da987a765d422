import { systemClock } from './clock.ts';

/** How long one piece of work may keep the event loop, milliseconds: a tenth of what anything may. */
const TURN_MS = 5;

/** Awaited after each small step of long work. */
export type Pace = () => Promise<void> | undefined;

/**
 * For work that is long all in all: `await pace()` after each small step goes on at once, and every few milliseconds it
 * lets other work go first. It goes by the real clock, since the real event loop is what others wait for.
 */
export function createPace(pause = nextTurn): Pace {
  let isOver = createTurn();
  const letOthers = async (): Promise<void> => {
    await pause();
    // However long the others took, that was not of this turn.
    isOver = createTurn();
  };
  return () => (isOver() ? letOthers() : undefined);
}

/** Small pieces of work after which the clock is looked at; fewer than these are done at once. */
const LOOK_EVERY = 16;

/** Small work with each in its order, and others have their turn in between. */
export async function eachInTurns<T>(items: Iterable<T>, work: (item: T) => void, pace = createPace()): Promise<void> {
  let count = 0;
  for (const item of items) {
    work(item);
    const pause = ++count % LOOK_EVERY === 0 ? pace() : undefined;
    if (pause !== undefined) await pause;
  }
}

/** Whether a piece of work has had the event loop for long enough; then it begins anew. */
export function createTurn(): () => boolean {
  let untilMs = systemClock.monotonicMs() + TURN_MS;
  return () => {
    const nowMs = systemClock.monotonicMs();
    if (nowMs < untilMs) return false;
    untilMs = nowMs + TURN_MS;
    return true;
  };
}

/** Other work goes first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** The same for many small tasks, of which those that are read and those that had to wait may come in one turn. */
const TASKS_MS = 2;
/** Tasks that had to wait and are run in one tick: what they write to one socket goes out in one piece. */
const TASKS_A_TICK = 16;

/** Takes a task of many that nobody waits for, such as one that comes in by a socket. */
export type TakeTurn = (task: () => void) => void;

/**
 * Tasks are run in the order given: at once as long as they have not had the event loop for long, the others in turns after
 * this one, a few milliseconds of each. However many come together, what else there is to do waits no longer. What a task
 * puts off to the end of its tick is of the same turn: `perTick` is 1 where that is most of it.
 */
export function createTurns(perTick = TASKS_A_TICK): TakeTurn {
  let waiting: (() => void)[] = [];
  let done = 0;
  /** Undefined: nothing was run in this turn. */
  let isOver: (() => boolean) | undefined;

  const begin = (): (() => boolean) => {
    const untilMs = systemClock.monotonicMs() + TASKS_MS;
    isOver = () => systemClock.monotonicMs() >= untilMs;
    setImmediate(next);
    return isOver;
  };
  const next = (): void => {
    waiting = waiting.slice(done);
    done = 0;
    isOver = undefined;
    if (waiting.length > 0) runSome(begin());
  };
  const runSome = (isTurnOver: () => boolean): void => {
    // A task that throws is done with: the others have their turn all the same.
    for (let count = 0; count < perTick; count++) {
      if (done === waiting.length || isTurnOver()) return;
      waiting[done++]?.();
    }
    process.nextTick(runSome, isTurnOver);
  };
  return (task) => {
    if (done < waiting.length || (isOver ?? begin())()) waiting.push(task);
    else task();
  };
}

/** The same for a task whose outcome somebody waits for; rejects with what it throws. */
export function inTurn<T>(takeTurn: TakeTurn, task: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    takeTurn(() => {
      try {
        resolve(task());
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** For work of which there may be much beside each other: together it has no more than one turn between those of others. */
export function createSharedTurns(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const letOne = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(letOne);
  };
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(letOne);
    });
}
