import { normalInt } from './py_int.ts';
import { PyObject } from './py_object.ts';

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

/** `repr` of a float: shortest digits that read back the same, exponents where Python writes them. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 16) {
    const text =
      exponent < 0 ? value.toFixed(Math.max(0, mantissa.replace(/[-.]/g, '').length - 1 - exponent)) : String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
