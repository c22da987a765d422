import { sameOrEqual } from './equality.ts';
import { pyKey } from './key.ts';
import { PyError } from './py_error.ts';
import { type BinaryOperator, PyObject, type Value } from './py_object.ts';
import { pyRepr } from './text.ts';
import { ValueWalk } from './value_walk.ts';

/** A dict: insertion order, Python's equality of keys, an error when it grows or shrinks under an iteration. */
export class PyDict extends PyObject {
  readonly typeName: string = 'dict';
  readonly #values = new Map<unknown, Value>();
  // Only the keys that differ from their Map key (True, 1.0, tuples, objects): most dicts have none.
  #keys: Map<unknown, Value> | undefined;

  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    super();
    for (const [key, value] of entries) this.set(key, value);
  }

  /** The value at `key`, or undefined. */
  get(key: Value): Value | undefined {
    return this.#values.get(pyKey(key));
  }

  has(key: Value): boolean {
    return this.#values.has(pyKey(key));
  }

  /** Sets a value; a key that is already there keeps its place and its spelling. */
  set(key: Value, value: Value): void {
    const hash = pyKey(key);
    if (hash !== key && !this.#values.has(hash)) {
      this.#keys ??= new Map();
      this.#keys.set(hash, key);
    }
    this.#values.set(hash, value);
  }

  /** Removes a key and answers its value, or undefined when it was not there. */
  delete(key: Value): Value | undefined {
    const hash = pyKey(key);
    const value = this.#values.get(hash);
    this.#values.delete(hash);
    this.#keys?.delete(hash);
    return value;
  }

  clear(): void {
    this.#values.clear();
    this.#keys = undefined;
  }

  /** Pairs in order; raises Python's error when the dict changes size on the way. */
  *entries(): IterableIterator<[Value, Value]> {
    const size = this.#values.size;
    for (const [hash, value] of this.#values) {
      yield [this.#keyOf(hash), value];
      this.#checkSize(size);
    }
  }

  /** Keys in order; raises Python's error when the dict changes size on the way. */
  *keys(): IterableIterator<Value> {
    const size = this.#values.size;
    for (const hash of this.#values.keys()) {
      yield this.#keyOf(hash);
      this.#checkSize(size);
    }
  }

  /** Values in order; raises Python's error when the dict changes size on the way. */
  *values(): IterableIterator<Value> {
    const size = this.#values.size;
    for (const value of this.#values.values()) {
      yield value;
      this.#checkSize(size);
    }
  }

  #checkSize(size: number): void {
    if (this.#values.size !== size) throw new PyError('RuntimeError', 'dictionary changed size during iteration');
  }

  #keyOf(hash: unknown): Value {
    const key = this.#keys?.get(hash);
    return key === undefined ? (hash as Value) : key;
  }

  override repr(walk: ValueWalk = new ValueWalk()): string {
    if (walk.isIn(this)) return '{...}';
    return walk.inside(this, () => {
      const texts: string[] = [];
      for (const [key, value] of this.entries()) texts.push(`${pyRepr(key, walk)}: ${pyRepr(value, walk)}`);
      return `{${texts.join(', ')}}`;
    });
  }

  override isTrue(): boolean {
    return this.#values.size > 0;
  }

  override item(key: Value): Value | undefined {
    return this.get(key);
  }

  override iterate(): Iterator<Value> {
    return this.keys();
  }

  override size(): number {
    return this.#values.size;
  }

  override contains(value: Value): boolean {
    return this.has(value);
  }

  override equals(other: Value, walk: ValueWalk = new ValueWalk()): boolean {
    if (this === other) return true;
    if (!(other instanceof PyDict) || other.size() !== this.size()) return false;
    for (const [hash, value] of this.#values) {
      const theirs = other.#values.get(hash);
      if (theirs === undefined || !sameOrEqual(value, theirs, walk)) return false;
    }
    return true;
  }

  override binary(operator: BinaryOperator, other: Value, reflected: boolean): Value | undefined {
    if (operator !== '|' || reflected || !(other instanceof PyDict)) return undefined;
    const merged = this.copy();
    for (const [key, value] of other.entries()) merged.set(key, value);
    return merged;
  }

  override hashKey(): unknown {
    return undefined;
  }

  /** A shallow copy of the same class. */
  copy(): PyDict {
    return new PyDict(this.entries());
  }
}
