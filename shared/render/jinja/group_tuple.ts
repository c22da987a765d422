import type { Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';

/** One group of `groupby`: a tuple whose parts also have names. */
export class GroupTuple extends PyTuple {
  override readonly typeName = '_GroupTuple';

  constructor(grouper: Value, list: Value[]) {
    super([grouper, list]);
  }

  override get qualifiedName(): string {
    return 'jinja2.filters._GroupTuple';
  }

  override attr(name: string): Value | undefined {
    if (name === 'grouper') return this.items[0];
    return name === 'list' ? this.items[1] : undefined;
  }
}
