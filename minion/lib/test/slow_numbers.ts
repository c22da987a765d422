import { setImmediate } from 'node:timers/promises';
import { FleetError } from '../../../shared/errors.ts';

/** Steps between two looks at the rest of the minion: about a millisecond's worth. */
const STEPS_PER_TURN = 100_000;

/**
 * The num-th Fibonacci number by naive recursion: slow on purpose, for measuring. The recursion is a list of numbers
 * still to be expanded, so that the event loop gets its turn in between. Rejects with the signal's reason.
 */
export async function slowFibonacci(num: number, signal: AbortSignal): Promise<number> {
  const waiting = [num];
  let sum = 0;
  for (let steps = 1; waiting.length > 0; steps += 1) {
    const next = waiting.pop() as number;
    if (next < 2) sum += next;
    else waiting.push(next - 1, next - 2);
    if (steps % STEPS_PER_TURN === 0) await takeTurn(signal);
  }
  return sum;
}

/** The Collatz sequence from `start` down to, and without, 1. Throws LIMIT_EXCEEDED beyond the exact whole numbers. */
export async function collatzSteps(start: number, signal: AbortSignal): Promise<number[]> {
  const steps: number[] = [];
  for (let value = start; value !== 1; value = value % 2 === 0 ? value / 2 : value * 3 + 1) {
    if (!Number.isSafeInteger(value)) {
      throw new FleetError('LIMIT_EXCEEDED', `the sequence from ${start} leaves the exact whole numbers (2^53)`, {
        hint: 'start from a smaller number',
      });
    }
    steps.push(value);
    if (steps.length % STEPS_PER_TURN === 0) await takeTurn(signal);
  }
  return steps;
}

async function takeTurn(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}
