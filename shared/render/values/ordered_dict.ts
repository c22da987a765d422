import { PyDict } from './py_dict.ts';
import type { Value } from './py_object.ts';
import { pyRepr } from './text.ts';

/** Python's `collections.OrderedDict`: printed as such, never sorted by dumpers; two of them are equal in the same order only. */
export class OrderedDict extends PyDict {
  override readonly typeName: string = 'OrderedDict';

  override get qualifiedName(): string {
    return 'collections.OrderedDict';
  }

  override repr(open: readonly unknown[] = []): string {
    if (open.includes(this)) return '...';
    const inner = [...open, this];
    const pairs = [...this.entries()].map(([key, value]) => `(${pyRepr(key, inner)}, ${pyRepr(value, inner)})`);
    return pairs.length === 0 ? 'OrderedDict()' : `OrderedDict([${pairs.join(', ')}])`;
  }

  override equals(other: Value): boolean {
    if (!super.equals(other)) return false;
    if (!(other instanceof OrderedDict)) return true;
    const theirs = [...other.keys()];
    return [...this.keys()].every((key, index) => new PyDict([[key, null]]).has(theirs[index] as Value));
  }

  override copy(): OrderedDict {
    return new OrderedDict(this.entries());
  }
}
