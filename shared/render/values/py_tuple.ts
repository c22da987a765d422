import { sameOrEqual } from './equality.ts';
import { sequenceKey } from './key.ts';
import { orderSequences } from './order.ts';
import { isInt } from './py_int.ts';
import { type BinaryOperator, type OrderOperator, PyObject, type Value } from './py_object.ts';
import { repeatItems } from './repeat.ts';
import { itemsRepr } from './text.ts';
import { ValueWalk } from './value_walk.ts';

/** A tuple: a list that does not change and can be a key. */
export class PyTuple extends PyObject {
  readonly typeName: string = 'tuple';
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    super();
    this.items = items;
  }

  override repr(walk: ValueWalk = new ValueWalk()): string {
    return itemsRepr(this, this.items, walk, '(', this.items.length === 1 ? ',)' : ')');
  }

  override isTrue(): boolean {
    return this.items.length > 0;
  }

  override item(key: Value): Value | undefined {
    const index = typeof key === 'boolean' ? Number(key) : key;
    if (typeof index !== 'number') return undefined;
    return this.items[index < 0 ? index + this.items.length : index];
  }

  override iterate(): Iterator<Value> {
    return this.items[Symbol.iterator]();
  }

  override size(): number {
    return this.items.length;
  }

  override equals(other: Value, walk: ValueWalk = new ValueWalk()): boolean {
    return (
      other instanceof PyTuple &&
      other.items.length === this.items.length &&
      this.items.every((item, index) => sameOrEqual(item, other.items[index] ?? null, walk))
    );
  }

  override order(operator: OrderOperator, other: Value): boolean | undefined {
    return other instanceof PyTuple ? orderSequences(operator, this.items, other.items) : undefined;
  }

  override binary(operator: BinaryOperator, other: Value, reflected: boolean): Value | undefined {
    if (operator === '+' && other instanceof PyTuple && !reflected) return new PyTuple([...this.items, ...other.items]);
    const times = typeof other === 'boolean' ? Number(other) : other;
    if (operator === '*' && isInt(times)) return new PyTuple(repeatItems(this.items, times));
    return undefined;
  }

  override hashKey(): unknown {
    return sequenceKey(this.items);
  }
}
