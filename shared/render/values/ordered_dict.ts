import { PyDict } from './py_dict.ts';
import type { Value } from './py_object.ts';
import { pyRepr } from './text.ts';
import { ValueWalk } from './value_walk.ts';

/** Python's `collections.OrderedDict`: printed as such, never sorted by dumpers; two of them are equal in the same order only. */
export class OrderedDict extends PyDict {
  override readonly typeName: string = 'OrderedDict';

  override get qualifiedName(): string {
    return 'collections.OrderedDict';
  }

  override repr(walk: ValueWalk = new ValueWalk()): string {
    if (walk.isIn(this)) return '...';
    const pairs = walk.inside(this, () =>
      [...this.entries()].map(([key, value]) => `(${pyRepr(key, walk)}, ${pyRepr(value, walk)})`),
    );
    return pairs.length === 0 ? 'OrderedDict()' : `OrderedDict([${pairs.join(', ')}])`;
  }

  override equals(other: Value, walk: ValueWalk = new ValueWalk()): boolean {
    if (!super.equals(other, walk)) return false;
    if (!(other instanceof OrderedDict)) return true;
    const theirs = [...other.keys()];
    return [...this.keys()].every((key, index) => new PyDict([[key, null]]).has(theirs[index] as Value));
  }

  override copy(): OrderedDict {
    return new OrderedDict(this.entries());
  }
}
