import { Markup } from '../values/markup.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import { PyFloat } from '../values/py_float.ts';
import { type PyCallable, PyFunction } from '../values/py_function.ts';
import { isInt } from '../values/py_int.ts';
import { type Kwargs, PyObject, type Value } from '../values/py_object.ts';
import { isText, pyRepr, textOf, typeName } from '../values/text.ts';
import { Undefined } from '../values/undefined.ts';
import { attributesOf, methodNames, methodOf } from './methods.ts';
import { formatFields, type ReadPart } from './str_format.ts';
import { suggest } from './suggest.ts';

/** `value.name` as Jinja's sandbox reads it: the attribute, else the item, else undefined. */
export function getAttribute(value: Value, name: string, strict: boolean): Value {
  const attribute = ownAttribute(value, name, strict);
  if (attribute !== undefined) return attribute;
  const item = itemOf(value, name);
  return item === undefined ? missing(value, name, strict) : item;
}

/** A method of a built-in type, taken as a value. */
class BoundMethod extends PyFunction {
  readonly #self: Value;

  constructor(name: string, self: Value, run: PyCallable) {
    super(name, run, 'builtin_function_or_method');
    this.#self = self;
  }

  override repr(): string {
    if (this.#self instanceof Markup) return `<bound method str.${this.name} of ${pyRepr(this.#self)}>`;
    return `<built-in method ${this.name} of ${typeName(this.#self)} object at 0x0>`;
  }
}

/** `value[key]` as Jinja's sandbox reads it: the item, else (for a str) the attribute, else undefined. */
export function getItem(value: Value, key: Value, strict: boolean): Value {
  const item = itemOf(value, key);
  if (item !== undefined) return item;
  const attribute = isText(key) ? ownAttribute(value, textOf(key), strict) : undefined;
  return attribute === undefined ? missing(value, key, strict) : attribute;
}

function missing(owner: Value, name: Value, strict: boolean): Value {
  return new Undefined({ owner, name, suggestion: () => nearName(owner, name) }, strict);
}

/** The key or method that could have been meant. */
function nearName(owner: Value, name: Value): string | undefined {
  if (!isText(name)) return undefined;
  const keys = owner instanceof PyDict ? [...owner.keys()].filter(isText).map(textOf) : [];
  return suggest(textOf(name), [...keys, ...methodNames(owner)]);
}

// What every Python object has; a template that asks for one is told that it may not, not that it is missing.
const DUNDERS: ReadonlySet<string> = new Set(
  (
    '__class__ __delattr__ __dir__ __doc__ __eq__ __format__ __ge__ __getattribute__ __getstate__ __gt__ __hash__ ' +
    '__init__ __init_subclass__ __le__ __lt__ __ne__ __new__ __reduce__ __reduce_ex__ __repr__ __setattr__ ' +
    '__sizeof__ __str__ __subclasshook__'
  ).split(' '),
);

const FUNCTION_DUNDERS: ReadonlySet<string> = new Set(
  '__call__ __closure__ __code__ __defaults__ __globals__ __module__ __name__ __qualname__ __self__'.split(' '),
);

/** The attribute Python's getattr finds, or undefined; private ones come back as an undefined that says so. */
export function ownAttribute(value: Value, name: string, strict: boolean): Value | undefined {
  if (name.startsWith('_')) {
    if (value instanceof Undefined && !name.startsWith('__')) value.fail();
    const exists = DUNDERS.has(name) || (FUNCTION_DUNDERS.has(name) && value instanceof PyFunction);
    if (!exists) return undefined;
    const hint = `access to attribute ${pyRepr(name)} of ${pyRepr(typeName(value))} object is unsafe.`;
    return new Undefined({ hint, owner: value, name, kind: 'SecurityError' }, strict);
  }
  const method = methodOf(value, name);
  if (method !== undefined) {
    return new BoundMethod(name, value, (args, kwargs) => method(value, args, kwargs));
  }
  if (isText(value) && (name === 'format' || name === 'format_map')) return formatMethod(value, name, strict);
  if (value instanceof PyObject) {
    const attribute = value.attr(name);
    if (attribute !== undefined) return attribute;
  }
  return attributesOf(value, name);
}

/** `str.format`, which must not read more than the template itself may. */
function formatMethod(self: string | Markup, name: string, strict: boolean): Value {
  const read: ReadPart = (value, key, isAttribute) =>
    isAttribute ? getAttribute(value, textOf(key as string), strict) : getItem(value, key, strict);
  const isMarkup = self instanceof Markup;
  const run: PyCallable = (args, kwargs) => {
    const text =
      name === 'format'
        ? formatFields(textOf(self), args, kwargs, read, isMarkup)
        : formatFields(textOf(self), [], formatMapping(args, kwargs), read, isMarkup);
    return isMarkup ? new Markup(text) : text;
  };
  return new BoundMethod(name, self, run);
}

function formatMapping(args: Value[], kwargs: Kwargs): PyDict {
  if (kwargs.size > 0) throw new PyError('TypeError', 'format_map() takes no keyword arguments');
  const [mapping, ...rest] = args;
  if (mapping === undefined || rest.length > 0) {
    throw new PyError('TypeError', `format_map() takes exactly one argument ${args.length} given`);
  }
  if (mapping instanceof PyDict) return mapping;
  throw new PyError('TypeError', 'format_map() needs a mapping');
}

/** `value[key]`, or undefined when there is no such item or the value has none. */
function itemOf(value: Value, key: Value): Value | undefined {
  if (value instanceof Undefined) value.fail();
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)) {
    return isText(value) ? characterAt(textOf(value), key) : hashableItem(value, key);
  }
  if (Array.isArray(value)) return value[indexOf(key, value.length)];
  if (typeof value === 'string') return characterAt(value, key);
  return value instanceof Uint8Array ? value[indexOf(key, value.length)] : undefined;
}

// An unhashable key is a TypeError in Python, and Jinja takes that for "not there".
function hashableItem(value: PyObject, key: Value): Value | undefined {
  if (key instanceof PyObject && !(key instanceof Undefined) && !(key instanceof PyFloat)) {
    try {
      return value.item(key);
    } catch (error) {
      if (error instanceof PyError && error.kind === 'TypeError') return undefined;
      throw error;
    }
  }
  return Array.isArray(key) ? undefined : value.item(key);
}

function indexOf(key: Value, length: number): number {
  const index = typeof key === 'boolean' ? Number(key) : isInt(key) ? Number(key) : Number.NaN;
  return index < 0 ? index + length : index;
}

function characterAt(text: string, key: Value): Value | undefined {
  if (!/[\ud800-\udfff]/.test(text)) return text[indexOf(key, text.length)];
  const characters = [...text];
  return characters[indexOf(key, characters.length)];
}
