import { getAttribute } from '../../jinja/attribute.ts';
import { bindArguments } from '../../jinja/signature.ts';
import { queryJmespath } from '../../jmespath/query_jmespath.ts';
import { pyEquals } from '../../values/equality.ts';
import { toList, tryIterate } from '../../values/iteration.ts';
import { OrderedDict } from '../../values/ordered_dict.ts';
import { PyDict } from '../../values/py_dict.ts';
import { PyError } from '../../values/py_error.ts';
import type { Value } from '../../values/py_object.ts';
import { isText, pyStr, textOf, typeName } from '../../values/text.ts';
import { isTrue } from '../../values/truth.ts';
import { Undefined } from '../../values/undefined.ts';
import { decodeBytes, encodeUtf8 } from '../decode_bytes.ts';
import { type NamedFilter, pureFilter } from '../pure_filter.ts';
import { toNumber } from '../to_number.ts';
import { traverse } from '../traverse.ts';

const pathOptions = { delimiter: ':', ordered_dict: false };

/** Dicts, and values deep inside them. */
export const dictFilters: readonly NamedFilter[] = [
  pureFilter('traverse', ['data', 'key'], { default: null, delimiter: ':' }, (data, key, fallback, delimiter) =>
    data instanceof Undefined ? fallback : (traverse(data, key, pyStr(delimiter)) ?? fallback),
  ),
  pureFilter('compare_dicts', [], { old: null, new: null }, (before, after) => compareDicts(before, after)),
  changer('set_dict_key_value', (_before, value) => value),
  changer('update_dict_key_value', (before, value, ordered) => updated(before, value, ordered)),
  changer('append_dict_key_value', (before, value) => [...listAt(before, 'append'), value]),
  changer('extend_dict_key_value', (before, value) => [...listAt(before, 'extend'), ...extension(value)]),
  pureFilter('json_query', ['data', 'expr'], {}, (data, expression) => queryJmespath(data, pyStr(expression))),
  pureFilter('mysql_to_dict', ['data', 'key'], {}, (data, key) => mysqlToDict(toList(data), key)),
  pureFilter('json_decode_dict', ['data'], {}, (data) => decodeBytes(data)),
  pureFilter('json_decode_list', ['data'], {}, (data) => decodeBytes(data)),
  pureFilter('json_encode_dict', ['data'], {}, encodeTexts),
  pureFilter('json_encode_list', ['data'], {}, encodeTexts),
  [
    'method_call',
    (scope, args, kwargs) => {
      const [target = null, name = null] = bindArguments(
        { name: 'method_call', required: ['obj', 'f_name'] },
        args.slice(0, 2),
        new Map(),
      );
      const method = getAttribute(target, pyStr(name), true);
      return method instanceof Undefined ? null : scope.call(method, args.slice(2), kwargs);
    },
  ],
];

/** A filter that changes the value at a path of a dict, makes the dicts on the way, and answers the dict. */
function changer(name: string, change: (before: Value, value: Value, ordered: boolean) => Value): NamedFilter {
  return pureFilter(name, ['in_dict', 'keys', 'value'], pathOptions, (dict, path, value, delimiter, ordered) => {
    const keys = pyStr(path).split(pyStr(delimiter));
    const last = keys.pop() as string;
    const inner = keys.reduce((outer, key) => dictAt(outer, key, isTrue(ordered)), requireDict(dict));
    inner.set(last, change(inner.get(last) ?? null, value, isTrue(ordered)));
    return dict;
  });
}

function requireDict(value: Value): PyDict {
  if (value instanceof PyDict) return value;
  throw new PyError('TypeError', `a dict is needed here, not ${typeName(value)}`);
}

function dictAt(outer: PyDict, key: string, ordered: boolean): PyDict {
  const found = outer.get(key);
  if (found instanceof PyDict) return found;
  const made = ordered ? new OrderedDict() : new PyDict();
  outer.set(key, made);
  return made;
}

function updated(before: Value, value: Value, ordered: boolean): Value {
  const target = before ?? (ordered ? new OrderedDict() : new PyDict());
  if (!(target instanceof PyDict)) refuse(target, 'update');
  if (!(value instanceof PyDict)) {
    throw new PyError('TypeError', `Cannot update <class '${typeName(target)}'> with a <class '${typeName(value)}'>.`);
  }
  for (const [key, item] of value.entries()) target.set(key, item);
  return target;
}

function listAt(before: Value, verb: string): readonly Value[] {
  if (before === null) return [];
  return Array.isArray(before) ? before : refuse(before, verb);
}

function extension(value: Value): readonly Value[] {
  if (tryIterate(value) !== undefined) return toList(value);
  throw new PyError('TypeError', `Cannot extend <class 'list'> with a <class '${typeName(value)}'>.`);
}

function refuse(target: Value, verb: string): never {
  throw new PyError('TypeError', `The last key contains a <class '${typeName(target)}'>, which cannot ${verb}.`);
}

function compareDicts(before: Value, after: Value): PyDict {
  const [old, fresh] = [before ?? new PyDict(), after ?? new PyDict()].map(requireDict) as [PyDict, PyDict];
  const result = new PyDict();
  for (const key of new PyDict([...fresh.entries(), ...old.entries()]).keys()) {
    const [was = '', is = ''] = [old.get(key), fresh.get(key)];
    if (old.has(key) && fresh.has(key) && pyEquals(was, is)) continue;
    const isGone = !fresh.has(key);
    const change: [Value, Value][] = [
      ['old', was],
      ['new', is],
    ];
    result.set(key, new PyDict(isGone ? change.reverse() : change));
  }
  return result;
}

/** Rows of the `mysql` client's table, by the value of one column. */
function mysqlToDict(lines: readonly Value[], key: Value): PyDict {
  const result = new PyDict();
  let headers: string[] | undefined;
  for (const line of lines) {
    const text = isText(line) ? textOf(line) : '';
    if (text === '' || text.startsWith('+')) continue;
    const cells = text.split('|').map((cell) => cell.trim());
    if (headers === undefined) {
      headers = cells;
      continue;
    }
    const names = headers.slice(1, -1);
    const row = new PyDict(names.map((name, index): [Value, Value] => [name, toNumber(cells[index + 1] ?? '')]));
    const id = row.get(key);
    if (id === undefined) throw new PyError('KeyError', pyStr(key));
    result.set(id, row);
  }
  return result;
}

/** A copy with every str as bytes. */
function encodeTexts(value: Value): Value {
  if (isText(value)) return encodeUtf8(value, 'str');
  if (Array.isArray(value)) return value.map(encodeTexts);
  if (!(value instanceof PyDict)) return value;
  return new PyDict([...value.entries()].map(([key, item]): [Value, Value] => [encodeTexts(key), encodeTexts(item)]));
}
