import type { PyDict } from '../values/py_dict.ts';
import { PyObject, type Value } from '../values/py_object.ts';
import type { ValueWalk } from '../values/value_walk.ts';

/** What `namespace()` makes: attributes that templates may assign. */
export class Namespace extends PyObject {
  readonly typeName = 'Namespace';
  readonly #attributes: PyDict;

  constructor(attributes: PyDict) {
    super();
    this.#attributes = attributes;
  }

  override get qualifiedName(): string {
    return 'jinja2.utils.Namespace';
  }

  override repr(walk?: ValueWalk): string {
    return `<Namespace ${this.#attributes.repr(walk)}>`;
  }

  override attr(name: string): Value | undefined {
    return this.#attributes.get(name);
  }

  /** Assigns an attribute. */
  assign(name: string, value: Value): void {
    this.#attributes.set(name, value);
  }
}
