import { toIndex } from '../values/convert.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import { PyFunction } from '../values/py_function.ts';
import { type Kwargs, PyObject, type Value } from '../values/py_object.ts';
import { PyRange } from '../values/py_range.ts';
import { updateDict } from './dict_methods.ts';
import { ScopedFunction } from './filter_scope.ts';
import { loremIpsum } from './lorem_ipsum.ts';
import { Namespace } from './namespace.ts';
import { bindArguments } from './signature.ts';

// Jinja's sandbox has the same limit, with the same message.
const MAX_RANGE = 100_000;

function range(args: Value[], kwargs: Kwargs): Value {
  if (kwargs.size > 0) throw new PyError('TypeError', 'range() takes no keyword arguments');
  const [first, second, step = 1, ...rest] = args;
  if (first === undefined || rest.length > 0) {
    const bound = first === undefined ? 'at least 1 argument' : 'at most 3 arguments';
    throw new PyError('TypeError', `range expected ${bound}, got ${args.length}`);
  }
  const [start, stop] = second === undefined ? [0, toIndex(first)] : [toIndex(first), toIndex(second)];
  const made = new PyRange(start, stop, toIndex(step));
  if (made.length <= MAX_RANGE) return made;
  throw new PyError('OverflowError', `Range too big. The sandbox blocks ranges larger than MAX_RANGE (${MAX_RANGE}).`);
}

function makeDict(name: string, args: Value[], kwargs: Kwargs): PyDict {
  if (args.length > 1) throw new PyError('TypeError', `${name} expected at most 1 argument, got ${args.length}`);
  const dict = new PyDict();
  updateDict(dict, args[0], kwargs);
  return dict;
}

/** What `cycler(…)` makes. */
class Cycler extends PyObject {
  readonly typeName = 'Cycler';
  readonly #items: Value[];
  #position = 0;

  constructor(items: Value[]) {
    super();
    if (items.length === 0) throw new PyError('RuntimeError', 'at least one item has to be provided');
    this.#items = items;
  }

  override get qualifiedName(): string {
    return 'jinja2.utils.Cycler';
  }

  override attr(name: string): Value | undefined {
    switch (name) {
      case 'current':
        return this.#items[this.#position];
      case 'pos':
        return this.#position;
      case 'items':
        return this.#items;
      case 'next':
        return new PyFunction('next', () => this.#next(), 'method');
      case 'reset':
        return new PyFunction('reset', () => this.#reset(), 'method');
      default:
        return undefined;
    }
  }

  #next(): Value {
    const item = this.#items[this.#position] ?? null;
    this.#position = (this.#position + 1) % this.#items.length;
    return item;
  }

  #reset(): Value {
    this.#position = 0;
    return null;
  }
}

/** What `joiner(…)` makes: nothing at its first call, the separator afterwards. */
class Joiner extends PyObject {
  readonly typeName = 'Joiner';
  readonly #separator: Value;
  #used = false;

  constructor(separator: Value) {
    super();
    this.#separator = separator;
  }

  override get qualifiedName(): string {
    return 'jinja2.utils.Joiner';
  }

  override isCallable(): boolean {
    return true;
  }

  override attr(name: string): Value | undefined {
    if (name === 'sep') return this.#separator;
    return name === 'used' ? this.#used : undefined;
  }

  override call(): Value {
    const text = this.#used ? this.#separator : '';
    this.#used = true;
    return text;
  }
}

/** The globals of Jinja2 3.1's sandbox. */
export const BUILTIN_GLOBALS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['range', new PyFunction('safe_range', range)],
  ['dict', new PyFunction('dict', (args, kwargs) => makeDict('dict', args, kwargs), 'type')],
  [
    'namespace',
    new PyFunction('jinja2.utils.Namespace', (args, kwargs) => new Namespace(makeDict('dict', args, kwargs)), 'type'),
  ],
  ['cycler', new PyFunction('jinja2.utils.Cycler', (args) => new Cycler(args), 'type')],
  [
    'joiner',
    new PyFunction(
      'jinja2.utils.Joiner',
      (args, kwargs) => {
        const [separator = ', '] = bindArguments(
          { name: 'Joiner.__init__', required: [], optional: { sep: ', ' } },
          args,
          kwargs,
        );
        return new Joiner(separator);
      },
      'type',
    ),
  ],
  ['lipsum', new ScopedFunction('generate_lorem_ipsum', loremIpsum)],
]);
