import { pyEquals } from '../values/equality.ts';
import { iterate } from '../values/iteration.ts';
import { PyError } from '../values/py_error.ts';
import { PyFunction } from '../values/py_function.ts';
import { type Kwargs, PyObject, type Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { Undefined } from '../values/undefined.ts';

/** Renders a recursive loop's body over another iterable, one level deeper. */
export type Recurse = (iterable: Value, depth: number) => Value;

/** The variable `loop`: where a `for` is in what it runs through. */
export class LoopContext extends PyObject {
  readonly typeName = 'LoopContext';
  readonly #iterable: Value;
  readonly #recurse: Recurse | undefined;
  readonly #depth0: number;
  readonly #strict: boolean;
  #iterator: Iterator<Value>;
  #length: number | undefined;
  #index0 = -1;
  #after: Value | undefined;
  #current: Value | undefined;
  #before: Value | undefined;
  #lastChanged: PyTuple | undefined;

  constructor(iterable: Value, strict: boolean, depth0 = 0, recurse?: Recurse) {
    super();
    this.#iterable = iterable;
    this.#iterator = iterate(iterable);
    this.#strict = strict;
    this.#depth0 = depth0;
    this.#recurse = recurse;
  }

  override get qualifiedName(): string {
    return 'jinja2.runtime.LoopContext';
  }

  /** Moves to the next item, or answers undefined at the end. */
  next(): Value | undefined {
    const item = this.#peek();
    if (item === undefined) return undefined;
    this.#after = undefined;
    this.#index0++;
    this.#before = this.#current;
    this.#current = item;
    return item;
  }

  #peek(): Value | undefined {
    if (this.#after === undefined) {
      const step = this.#iterator.next();
      if (!step.done) this.#after = step.value;
    }
    return this.#after;
  }

  /** Items in all; what has no length is read to its end now. */
  #count(): number {
    if (this.#length !== undefined) return this.#length;
    const { typeName } = this.#iterable instanceof PyObject ? this.#iterable : { typeName: '' };
    const size = this.#iterable instanceof PyObject ? this.#iterable.size() : lengthOf(this.#iterable);
    if (size === undefined || typeName === 'generator') {
      const rest = [...{ [Symbol.iterator]: () => this.#iterator }];
      this.#iterator = rest[Symbol.iterator]();
      this.#length = rest.length + this.#index0 + 1 + (this.#after === undefined ? 0 : 1);
    } else {
      this.#length = size;
    }
    return this.#length;
  }

  override repr(): string {
    return `<LoopContext ${this.#index0 + 1}/${this.#count()}>`;
  }

  override size(): number {
    return this.#count();
  }

  override isTrue(): boolean {
    return this.#count() > 0;
  }

  override isCallable(): boolean {
    return true;
  }

  override call(args: Value[], kwargs: Kwargs): Value {
    if (this.#recurse === undefined) {
      throw new PyError('TypeError', "The loop must have the 'recursive' marker to be called recursively.");
    }
    const [iterable = kwargs.get('iterable') ?? null] = args;
    return this.#recurse(iterable, this.#depth0 + 1);
  }

  override attr(name: string): Value | undefined {
    switch (name) {
      case 'index':
        return this.#index0 + 1;
      case 'index0':
        return this.#index0;
      case 'first':
        return this.#index0 === 0;
      case 'last':
        return this.#peek() === undefined;
      case 'length':
        return this.#count();
      case 'revindex':
        return this.#count() - this.#index0;
      case 'revindex0':
        return this.#count() - this.#index0 - 1;
      case 'depth':
        return this.#depth0 + 1;
      case 'depth0':
        return this.#depth0;
      case 'previtem':
        return this.#index0 === 0 ? this.#nothing('there is no previous item') : this.#before;
      case 'nextitem':
        return this.#peek() === undefined ? this.#nothing('there is no next item') : this.#after;
      case 'cycle':
        return new PyFunction('cycle', (args) => this.#cycle(args), 'method');
      case 'changed':
        return new PyFunction('changed', (args) => this.#changed(args), 'method');
      default:
        return undefined;
    }
  }

  #nothing(hint: string): Value {
    return new Undefined({ hint }, this.#strict);
  }

  #cycle(args: Value[]): Value {
    if (args.length === 0) throw new PyError('TypeError', 'no items for cycling given');
    return args[this.#index0 % args.length] ?? null;
  }

  #changed(args: Value[]): boolean {
    const values = new PyTuple(args);
    if (this.#lastChanged !== undefined && pyEquals(this.#lastChanged, values)) return false;
    this.#lastChanged = values;
    return true;
  }
}

function lengthOf(value: Value): number | undefined {
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  return typeof value === 'string' ? [...value].length : undefined;
}
