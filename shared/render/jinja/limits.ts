import { PyError } from '../values/py_error.ts';

/** What a render may use before it is stopped with a LimitError. */
export interface Limits {
  /** Characters (UTF-16 units) of output, also of one captured block or macro. */
  readonly outputLength: number;
  /** Macros, includes, imports, blocks and recursive loops inside each other. */
  readonly depth: number;
  /** Loop iterations of the whole render. */
  readonly iterations: number;
  /** Milliseconds of the whole render. */
  readonly timeMs: number;
}

/** Far above what any state tree needs, far below what hurts a master. */
export const DEFAULT_LIMITS: Limits = { outputLength: 16 * 2 ** 20, depth: 200, iterations: 5_000_000, timeMs: 30_000 };

// Reading the clock costs as much as a small loop body.
const STEPS_PER_CLOCK_READING = 1024;

/** Counts what one render uses. */
export class Budget {
  readonly #limits: Limits;
  readonly #now: () => number;
  readonly #deadline: number;
  #steps = 0;
  #depth = 0;

  constructor(limits: Limits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#deadline = now() + limits.timeMs;
  }

  /** One loop iteration, with what has been printed so far. */
  step(output: string): void {
    if (++this.#steps > this.#limits.iterations) fail(`more than ${this.#limits.iterations} loop iterations`);
    if (this.#steps % STEPS_PER_CLOCK_READING === 0) this.check(output);
  }

  /** Time and output; called on the way and at the end. */
  check(output: string): void {
    if (output.length > this.#limits.outputLength) fail(`more than ${this.#limits.outputLength} characters of output`);
    if (this.#now() > this.#deadline) fail(`rendering took more than ${this.#limits.timeMs} ms`);
  }

  /** Going one call deeper. */
  enter(output: string): void {
    if (++this.#depth > this.#limits.depth) throw new PyError('RecursionError', 'maximum recursion depth exceeded');
    this.step(output);
  }

  /** Coming back. */
  leave(): void {
    this.#depth--;
  }
}

function fail(message: string): never {
  throw new PyError('LimitError', message);
}
