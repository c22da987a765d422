import { PyError } from './py_error.ts';

// A list of lists of the same list needs little memory to be endless in print. Python would not come back; we say so.
const MAX_VALUES = 2_000_000;

/** One walk over a value and all that it holds. It knows the containers it is in and ends when it has met too many values. */
export class ValueWalk {
  readonly #open = new Set<unknown>();
  readonly #met: { count: number };

  constructor(met = { count: 0 }) {
    this.#met = met;
  }

  /** Is the walk inside this very container? */
  isIn(container: unknown): boolean {
    return this.#open.has(container);
  }

  /** @throws PyError LimitError */
  step(): void {
    this.#met.count += 1;
    if (this.#met.count > MAX_VALUES)
      throw new PyError('LimitError', `a value that unfolds to more than ${MAX_VALUES} values`);
  }

  /** Goes into a container and comes back. */
  inside<T>(container: unknown, visit: () => T): T {
    this.#open.add(container);
    const result = visit();
    this.#open.delete(container);
    return result;
  }

  /** Begins again outside of everything, with what it has met so far. */
  again(): ValueWalk {
    return new ValueWalk(this.#met);
  }
}
