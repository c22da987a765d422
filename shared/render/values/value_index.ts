import { pyEquals } from './equality.ts';
import { pyKey } from './key.ts';
import { PyError } from './py_error.ts';
import type { Value } from './py_object.ts';

// Lists and dicts are found by comparing with each one; thousands against thousands take long.
const MAX_COMPARISONS = 5_000_000;

/** Values of which one can ask whether an equal one is among them, quickly where they are hashable. */
export class ValueIndex {
  readonly #keys = new Set<unknown>();
  readonly #unhashable: Value[] = [];
  #comparisons = 0;

  constructor(values: Iterable<Value> = []) {
    for (const value of values) this.add(value);
  }

  add(value: Value): void {
    const key = keyOf(value);
    if (key === undefined) this.#unhashable.push(value);
    else this.#keys.add(key);
  }

  has(value: Value): boolean {
    const key = keyOf(value);
    if (key !== undefined && this.#keys.has(key)) return true;
    // A set has no key, and no value with a key equals it or a list or a dict.
    return key === undefined && this.#unhashable.some((other) => this.#isSame(other, value));
  }

  #isSame(left: Value, right: Value): boolean {
    this.#comparisons += 1;
    if (this.#comparisons > MAX_COMPARISONS) {
      throw new PyError('LimitError', `more than ${MAX_COMPARISONS} comparisons of lists and dicts`);
    }
    return left === right || pyEquals(left, right);
  }
}

function keyOf(value: Value): unknown {
  try {
    return pyKey(value);
  } catch (error) {
    if (error instanceof PyError && error.kind === 'TypeError') return undefined;
    throw error;
  }
}
