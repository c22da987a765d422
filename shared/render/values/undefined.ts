import { PyError, type PyErrorKind } from './py_error.ts';
import { type BinaryOperator, type Kwargs, type OrderOperator, PyObject, type Value } from './py_object.ts';
import { isText, pyRepr, typeName } from './text.ts';

/** What is known about why a value is undefined. */
export interface UndefinedReason {
  /** Overrides the message. */
  readonly hint?: string;
  /** The object that lacks `name`; absent when `name` is a variable. */
  readonly owner?: Value;
  /** The missing variable, attribute or element. */
  readonly name?: Value;
  readonly kind?: PyErrorKind;
  /** A near miss worth offering. */
  readonly suggestion?: () => string | undefined;
}

/** Jinja's Undefined. Strict: any use but `is defined` and `default` is an error. Otherwise it prints as nothing. */
export class Undefined extends PyObject {
  readonly typeName: string;
  readonly strict: boolean;
  readonly reason: UndefinedReason;

  constructor(reason: UndefinedReason, strict = true) {
    super();
    this.reason = reason;
    this.strict = strict;
    this.typeName = strict ? 'StrictUndefined' : 'Undefined';
  }

  /** Jinja's sentence about what is missing. */
  message(): string {
    const { hint, owner, name = null } = this.reason;
    if (hint) return hint;
    if (owner === undefined) return `${pyRepr(name)} is undefined`;
    const label =
      owner === null ? 'None' : `${owner instanceof PyObject ? owner.qualifiedName : typeName(owner)} object`;
    return isText(name)
      ? `${pyRepr(label)} has no attribute ${pyRepr(name)}`
      : `${label} has no element ${pyRepr(name)}`;
  }

  /** Raises the error that using it is. */
  fail(): never {
    throw new PyError(this.reason.kind ?? 'UndefinedError', this.message(), this.reason.suggestion?.());
  }

  override repr(): string {
    return 'Undefined';
  }

  override str(): string {
    if (this.strict) this.fail();
    return '';
  }

  override isTrue(): boolean {
    if (this.strict) this.fail();
    return false;
  }

  override attr(_name: string): Value | undefined {
    this.fail();
  }

  override item(_key: Value): Value | undefined {
    this.fail();
  }

  override iterate(): Iterator<Value> {
    if (this.strict) this.fail();
    return [][Symbol.iterator]();
  }

  override size(): number {
    if (this.strict) this.fail();
    return 0;
  }

  override contains(_value: Value): boolean | undefined {
    if (this.strict) this.fail();
    return undefined;
  }

  override equals(other: Value): boolean {
    if (this.strict) this.fail();
    return other instanceof Undefined;
  }

  override order(_operator: OrderOperator, _other: Value): boolean | undefined {
    this.fail();
  }

  override binary(_operator: BinaryOperator, _other: Value, _reflected: boolean): Value | undefined {
    this.fail();
  }

  override hashKey(): unknown {
    if (this.strict) this.fail();
    return Undefined;
  }

  override isCallable(): boolean {
    return true;
  }

  override call(_args: Value[], _kwargs: Kwargs): Value {
    this.fail();
  }
}
