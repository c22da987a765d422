import { sameOrEqual } from './equality.ts';
import { toList } from './iteration.ts';
import type { PyDict } from './py_dict.ts';
import { type BinaryOperator, PyObject, type Value } from './py_object.ts';
import { PySet } from './py_set.ts';
import { PyTuple } from './py_tuple.ts';
import { itemsRepr } from './text.ts';
import { ValueWalk } from './value_walk.ts';

/** What `dict.keys()`, `.values()` and `.items()` answer: a live view. */
export class DictView extends PyObject {
  readonly typeName: string;
  readonly #dict: PyDict;
  readonly #kind: 'keys' | 'values' | 'items';

  constructor(dict: PyDict, kind: 'keys' | 'values' | 'items') {
    super();
    this.typeName = `${dict.typeName === 'OrderedDict' ? 'odict' : 'dict'}_${kind}`;
    this.#dict = dict;
    this.#kind = kind;
  }

  /** Does it work as a set? Values may repeat. */
  get isSet(): boolean {
    return this.#kind !== 'values';
  }

  override repr(walk: ValueWalk = new ValueWalk()): string {
    return `${this.typeName}${itemsRepr(this, this.#values(), walk, '([', '])')}`;
  }

  /** Python's is a proxy that cannot be written to. */
  override attr(name: string): Value | undefined {
    return name === 'mapping' ? this.#dict : undefined;
  }

  override isTrue(): boolean {
    return this.#dict.size() > 0;
  }

  override iterate(): Iterator<Value> {
    return this.#values()[Symbol.iterator]();
  }

  override size(): number {
    return this.#dict.size();
  }

  override contains(value: Value): boolean | undefined {
    if (this.#kind === 'keys') return this.#dict.has(value);
    if (this.#kind === 'values') return undefined;
    const [key, item] = value instanceof PyTuple && value.items.length === 2 ? value.items : [];
    if (key === undefined || item === undefined) return false;
    const mine = this.#dict.get(key);
    return mine !== undefined && sameOrEqual(mine, item);
  }

  override equals(other: Value): boolean {
    if (this.#kind === 'values') return this === other;
    const theirs = other instanceof DictView && other.#kind !== 'values' ? new PySet(other.#values()) : other;
    return theirs instanceof PySet && new PySet(this.#values()).equals(theirs);
  }

  override binary(operator: BinaryOperator, other: Value, reflected: boolean): Value | undefined {
    if (this.#kind === 'values' || reflected) return undefined;
    return new PySet(this.#values()).binary(operator, new PySet(toList(other)), false);
  }

  override hashKey(): unknown {
    return this.#kind === 'values' ? this : undefined;
  }

  #values(): Iterable<Value> {
    if (this.#kind === 'keys') return this.#dict.keys();
    return this.#kind === 'values' ? this.#dict.values() : pairs(this.#dict);
  }
}

function* pairs(dict: PyDict): IterableIterator<Value> {
  for (const pair of dict.entries()) yield new PyTuple(pair);
}
