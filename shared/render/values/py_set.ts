import { pyKey } from './key.ts';
import { PyError } from './py_error.ts';
import { type BinaryOperator, type OrderOperator, PyObject, type Value } from './py_object.ts';
import { itemsRepr } from './text.ts';
import { ValueWalk } from './value_walk.ts';

/** A set; it keeps the order of insertion, where CPython's order is that of its hash table. */
export class PySet extends PyObject {
  readonly typeName = 'set';
  readonly #items = new Map<unknown, Value>();

  constructor(items: Iterable<Value> = []) {
    super();
    for (const item of items) this.add(item);
  }

  has(value: Value): boolean {
    return this.#items.has(pyKey(value));
  }

  add(value: Value): void {
    const key = pyKey(value);
    if (!this.#items.has(key)) this.#items.set(key, value);
  }

  /** Removes a value; false when it was not there. */
  delete(value: Value): boolean {
    return this.#items.delete(pyKey(value));
  }

  clear(): void {
    this.#items.clear();
  }

  /** The members; raises Python's error when the set changes size on the way. */
  *values(): IterableIterator<Value> {
    const size = this.#items.size;
    for (const item of this.#items.values()) {
      yield item;
      if (this.#items.size !== size) throw new PyError('RuntimeError', 'Set changed size during iteration');
    }
  }

  override repr(walk: ValueWalk = new ValueWalk()): string {
    return this.#items.size === 0 ? 'set()' : itemsRepr(this, this.values(), walk, '{', '}');
  }

  override isTrue(): boolean {
    return this.#items.size > 0;
  }

  override iterate(): Iterator<Value> {
    return this.values();
  }

  override size(): number {
    return this.#items.size;
  }

  override contains(value: Value): boolean {
    return this.has(value);
  }

  override equals(other: Value): boolean {
    return other instanceof PySet && other.size() === this.size() && this.isSubset(other);
  }

  /** Is every member in `other`? */
  isSubset(other: PySet): boolean {
    for (const key of this.#items.keys()) if (!other.#items.has(key)) return false;
    return true;
  }

  override order(operator: OrderOperator, other: Value): boolean | undefined {
    if (!(other instanceof PySet)) return undefined;
    const strict = operator === '<' || operator === '>';
    if (strict && this.size() === other.size()) return false;
    return operator.startsWith('<') ? this.isSubset(other) : other.isSubset(this);
  }

  override binary(operator: BinaryOperator, other: Value, reflected: boolean): Value | undefined {
    if (reflected || !(other instanceof PySet)) return undefined;
    const mine = [...this.values()];
    const theirs = [...other.values()];
    switch (operator) {
      case '|':
        return new PySet([...mine, ...theirs]);
      case '&':
        return new PySet(mine.filter((item) => other.has(item)));
      case '-':
        return new PySet(mine.filter((item) => !other.has(item)));
      case '^':
        return new PySet([...mine.filter((item) => !other.has(item)), ...theirs.filter((item) => !this.has(item))]);
      default:
        return undefined;
    }
  }

  override hashKey(): unknown {
    return undefined;
  }
}
