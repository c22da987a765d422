import { iterate } from '../../values/iteration.ts';
import { PyError } from '../../values/py_error.ts';
import { PyIterator } from '../../values/py_iterator.ts';
import type { Kwargs, Value } from '../../values/py_object.ts';
import { pyRepr, pyStr } from '../../values/text.ts';
import { isTrue } from '../../values/truth.ts';
import { Undefined } from '../../values/undefined.ts';
import { ownAttribute } from '../attribute.ts';
import { attributeGetter, type Getter } from '../attribute_getter.ts';
import type { Filter, FilterScope } from '../filter_scope.ts';
import { defineFilter } from '../signature.ts';

function* map(scope: FilterScope, value: Value, args: Value[], kwargs: Kwargs): Generator<Value> {
  if (!isTrue(value)) return;
  const apply = prepareMap(scope, args, kwargs);
  const iterator = iterate(value);
  for (let step = iterator.next(); !step.done; step = iterator.next()) yield apply(step.value);
}

function prepareMap(scope: FilterScope, args: Value[], kwargs: Kwargs): Getter {
  const attribute = kwargs.get('attribute');
  if (args.length === 0 && attribute !== undefined) {
    const unknown = [...kwargs.keys()].find((name) => name !== 'attribute' && name !== 'default');
    if (unknown !== undefined) {
      throw new PyError('FilterArgumentError', `Unexpected keyword argument ${pyRepr(unknown)}`);
    }
    return attributeGetter(scope, attribute, kwargs.get('default') ?? null);
  }
  const [name, ...rest] = args;
  if (name === undefined) throw new PyError('FilterArgumentError', 'map requires a filter argument');
  const filterName = known(name, 'filter', (text) => scope.hasFilter(text));
  return (item) => scope.filter(filterName, [item, ...rest], kwargs);
}

function known(name: Value, what: string, exists: (name: string) => boolean): string {
  if (name instanceof Undefined) name.fail();
  const text = pyStr(name);
  if (!exists(text)) throw new PyError('TemplateRuntimeError', `No ${what} named ${pyRepr(name)}.`);
  return text;
}

function selecting(byAttribute: boolean, keeps: boolean): Filter {
  return (scope, args, kwargs) => {
    const [value = null, ...rest] = args;
    return new PyIterator(select(scope, value, rest, kwargs, byAttribute, keeps), 'select_or_reject');
  };
}

function* select(
  scope: FilterScope,
  value: Value,
  args: Value[],
  kwargs: Kwargs,
  byAttribute: boolean,
  keeps: boolean,
): Generator<Value> {
  if (!isTrue(value)) return;
  const accepts = prepareSelect(scope, args, kwargs, byAttribute);
  const iterator = iterate(value);
  for (let step = iterator.next(); !step.done; step = iterator.next()) {
    if (accepts(step.value) === keeps) yield step.value;
  }
}

function prepareSelect(
  scope: FilterScope,
  args: Value[],
  kwargs: Kwargs,
  byAttribute: boolean,
): (item: Value) => boolean {
  const [attribute, ...afterAttribute] = args;
  if (byAttribute && attribute === undefined) {
    throw new PyError('FilterArgumentError', 'Missing parameter for attribute name');
  }
  const getter: Getter = byAttribute ? attributeGetter(scope, attribute ?? null) : (item) => item;
  const [name, ...rest] = byAttribute ? afterAttribute : args;
  if (name === undefined) return (item) => isTrue(getter(item));
  const testName = known(name, 'test', (text) => scope.hasTest(text));
  return (item) => scope.test(testName, [getter(item), ...rest], kwargs);
}

/** As `value.name`, but never the item of that name. */
function attr(scope: FilterScope, value: Value, name: Value): Value {
  const { strict } = scope.undefined({ name: '' });
  const attribute = ownAttribute(value, pyStr(name), strict);
  return attribute === undefined ? scope.undefined({ owner: value, name }) : attribute;
}

/** Filters that apply other filters and tests, or stand in for what is undefined. */
export const APPLYING_FILTERS: readonly (readonly [string, Filter])[] = [
  [
    'map',
    (scope, args, kwargs) => {
      const [value = null, ...rest] = args;
      return new PyIterator(map(scope, value, rest, kwargs), 'sync_do_map');
    },
  ],
  ['select', selecting(false, true)],
  ['reject', selecting(false, false)],
  ['selectattr', selecting(true, true)],
  ['rejectattr', selecting(true, false)],
  [
    'attr',
    defineFilter({ name: 'do_attr', required: ['obj', 'name'], hidden: 1 }, (scope, value = null, name = null) =>
      attr(scope, value, name),
    ),
  ],
  ...['default', 'd'].map((name): readonly [string, Filter] => [
    name,
    defineFilter(
      { name: 'do_default', required: ['value'], optional: { default_value: '', boolean: false } },
      (_scope, value = null, fallback = '', boolean = false) =>
        value instanceof Undefined || (isTrue(boolean) && !isTrue(value)) ? fallback : value,
    ),
  ]),
];
