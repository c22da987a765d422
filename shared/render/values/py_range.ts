import { PyError } from './py_error.ts';
import { PyObject, type Value } from './py_object.ts';

/** `range(start, stop, step)`: counted, never stored. */
export class PyRange extends PyObject {
  readonly typeName = 'range';
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  readonly length: number;

  constructor(start: number, stop: number, step: number) {
    super();
    if (step === 0) throw new PyError('ValueError', 'range() arg 3 must not be zero');
    this.start = start;
    this.stop = stop;
    this.step = step;
    this.length = Math.max(0, Math.ceil((stop - start) / step));
  }

  /** The part a slice takes, a range again. */
  slice(span: { start: number; stop: number; step: number }): PyRange {
    const at = (index: number) => this.start + index * this.step;
    return new PyRange(at(span.start), at(span.stop), this.step * span.step);
  }

  override repr(): string {
    const ends = `${this.start}, ${this.stop}`;
    return this.step === 1 ? `range(${ends})` : `range(${ends}, ${this.step})`;
  }

  override isTrue(): boolean {
    return this.length > 0;
  }

  override item(key: Value): Value | undefined {
    const index = typeof key === 'boolean' ? Number(key) : key;
    if (typeof index !== 'number') return undefined;
    const from = index < 0 ? index + this.length : index;
    return from >= 0 && from < this.length ? this.start + from * this.step : undefined;
  }

  override attr(name: string): Value | undefined {
    if (name === 'start') return this.start;
    if (name === 'stop') return this.stop;
    return name === 'step' ? this.step : undefined;
  }

  override *iterate(): Iterator<Value> {
    for (let index = 0; index < this.length; index++) yield this.start + index * this.step;
  }

  override size(): number {
    return this.length;
  }

  override equals(other: Value): boolean {
    if (!(other instanceof PyRange) || other.length !== this.length) return false;
    return this.length === 0 || (other.start === this.start && (this.length === 1 || other.step === this.step));
  }

  override hashKey(): unknown {
    return `\0r${this.length}:${this.length === 0 ? '' : this.start}:${this.length < 2 ? '' : this.step}`;
  }
}
