import { PyObject, type Value } from './py_object.ts';

/** A generator or iterator: lazy, used up by one pass, always true, without length. */
export class PyIterator extends PyObject {
  readonly typeName: string;
  readonly #iterator: Iterator<Value>;
  readonly #function: string | undefined;

  /** `functionName` is the generator function's, which its repr prints. */
  constructor(iterator: Iterator<Value>, functionName?: string, typeName = 'generator') {
    super();
    this.#iterator = iterator;
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
