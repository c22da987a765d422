import { PyError } from './py_error.ts';
import { PyObject, type Value } from './py_object.ts';

// Ten times the longest range. The permutations of a dozen values would outlast the machine.
const MAX_ITEMS = 1_000_000;

/** A generator or iterator: lazy, used up by one pass, always true, without length. */
export class PyIterator extends PyObject {
  readonly typeName: string;
  readonly #iterator: Iterator<Value>;
  readonly #function: string | undefined;

  /** `functionName` is the generator function's, which its repr prints. */
  constructor(iterator: Iterator<Value>, functionName?: string, typeName = 'generator') {
    super();
    this.#iterator = counted(iterator);
    this.#function = functionName;
    this.typeName = typeName;
  }

  // The address is the one part of Python's text that cannot be the same.
  override repr(): string {
    const name = this.#function === undefined ? '' : ` ${this.#function}`;
    return `<${this.typeName} object${name} at 0x0>`;
  }

  override iterate(): Iterator<Value> {
    return this.#iterator;
  }
}

function* counted(iterator: Iterator<Value>): Iterator<Value> {
  let count = 0;
  for (let step = iterator.next(); !step.done; step = iterator.next()) {
    count += 1;
    if (count > MAX_ITEMS) throw new PyError('LimitError', `an iterator may give at most ${MAX_ITEMS} items`);
    yield step.value;
  }
}
