import { type Kwargs, PyObject, type Value } from './py_object.ts';

/** What a function handed into a template looks like. */
export type PyCallable = (args: Value[], kwargs: Kwargs) => Value | Promise<Value>;

/** A function as a value: part of the engine, synchronous. */
export class PyFunction extends PyObject {
  readonly typeName: string;
  readonly name: string;
  readonly run: PyCallable;

  constructor(name: string, run: PyCallable, typeName = 'function') {
    super();
    this.name = name;
    this.run = run;
    this.typeName = typeName;
  }

  override repr(): string {
    return this.typeName === 'type' ? `<class '${this.name}'>` : `<${this.typeName} ${this.name} at 0x0>`;
  }

  override isCallable(): boolean {
    return true;
  }

  override call(args: Value[], kwargs: Kwargs): Value | Promise<Value> {
    return this.run(args, kwargs);
  }
}

/** A function of the host (an execution module's, say): it may do anything, also answer a promise. */
export class HostFunction extends PyFunction {
  override isExternal(): boolean {
    return true;
  }
}
