import { normalInt } from './py_int.ts';
import { PyObject } from './py_object.ts';
import { floatRepr } from './scalar_repr.ts';

/** A Python float: kept apart from int so that `1.0` stays `1.0`. */
export class PyFloat extends PyObject {
  readonly typeName = 'float';
  readonly value: number;

  constructor(value: number) {
    super();
    this.value = value;
  }

  override repr(): string {
    return floatRepr(this.value);
  }

  override isTrue(): boolean {
    return this.value !== 0;
  }

  override equals(other: unknown): boolean {
    if (other instanceof PyFloat) return this.value === other.value;
    if (typeof other === 'number') return this.value === other;
    if (typeof other === 'bigint') return Number.isInteger(this.value) && BigInt(this.value) === other;
    return typeof other === 'boolean' && this.value === Number(other);
  }

  override hashKey(): unknown {
    return Number.isInteger(this.value) ? normalInt(BigInt(this.value)) : this.value;
  }
}
