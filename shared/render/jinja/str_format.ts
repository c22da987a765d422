import { formatValue } from '../values/format_spec.ts';
import { escapeHtml, Markup } from '../values/markup.ts';
import { asciiRepr } from '../values/percent_format.ts';
import type { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import type { Kwargs, Value } from '../values/py_object.ts';
import { checkText } from '../values/repeat.ts';
import { pyRepr, pyStr } from '../values/text.ts';

/** Reads an attribute or item of a value, as the sandbox allows it. */
export type ReadPart = (value: Value, key: Value, isAttribute: boolean) => Value;

interface FormatState {
  readonly args: readonly Value[];
  readonly kwargs: Kwargs | PyDict;
  readonly read: ReadPart;
  readonly escapes: boolean;
  nextIndex: number;
  manual: boolean;
}

/** `template.format(*args, **kwargs)`, every attribute and item of its fields read through the sandbox. */
export function formatFields(
  template: string,
  args: readonly Value[],
  kwargs: Kwargs | PyDict,
  read: ReadPart,
  escapes = false,
): string {
  return expand(template, { args, kwargs, read, escapes, nextIndex: 0, manual: false }, 2);
}

function expand(template: string, state: FormatState, depth: number): string {
  if (depth < 0) throw new PyError('ValueError', 'Max string recursion exceeded');
  let out = '';
  let index = 0;
  while (index < template.length) {
    const character = template.charAt(index);
    if ((character === '{' || character === '}') && template.charAt(index + 1) === character) {
      out += character;
      index += 2;
    } else if (character === '}') {
      throw new PyError('ValueError', "Single '}' encountered in format string");
    } else if (character === '{') {
      const end = fieldEnd(template, index + 1);
      out += formatField(template.slice(index + 1, end), state, depth);
      index = end + 1;
    } else {
      out += character;
      index++;
    }
    checkText(out.length);
  }
  return out;
}

function fieldEnd(template: string, start: number): number {
  if (start >= template.length) throw new PyError('ValueError', "Single '{' encountered in format string");
  let depth = 1;
  let bracketed = false;
  let inName = true;
  for (let index = start; index < template.length; index++) {
    const character = template.charAt(index);
    if (character === '[' && inName) bracketed = true;
    else if (character === ']') bracketed = false;
    if (bracketed) continue;
    if (character === ':' || character === '!') inName = false;
    if (character === '{' && inName) throw new PyError('ValueError', "unexpected '{' in field name");
    if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return index;
  }
  if (template.endsWith('!')) throw new PyError('ValueError', 'end of string while looking for conversion specifier');
  throw new PyError('ValueError', inName ? "expected '}' before end of string" : "unmatched '{' in format spec");
}

function formatField(field: string, state: FormatState, depth: number): string {
  const match = /^((?:[^!:[]|\[[^\]]*\]?)*)(?:!(.?)(.*?))?(?::(.*))?$/su.exec(field);
  const [, name = '', conversion, afterConversion = '', spec = ''] = match ?? [];
  if (afterConversion !== '') throw new PyError('ValueError', "expected ':' after conversion specifier");
  if (conversion === '') {
    throw new PyError('ValueError', "unmatched '{' in format spec");
  }
  const value = convert(fieldValue(name, state), conversion);
  const formatted = formatValue(value, expand(spec, state, depth - 1));
  if (!state.escapes) return formatted;
  return value instanceof Markup ? formatted : escapeHtml(formatted);
}

function convert(value: Value, conversion: string | undefined): Value {
  switch (conversion) {
    case undefined:
      return value;
    case 's':
      return pyStr(value);
    case 'r':
      return pyRepr(value);
    case 'a':
      return asciiRepr(value);
    default:
      throw new PyError('ValueError', `Unknown conversion specifier ${conversion}`);
  }
}

function fieldValue(name: string, state: FormatState): Value {
  const [, first = '', rest = ''] = /^([^.[]*)(.*)$/s.exec(name) ?? [];
  let value = firstValue(first, rest === '', state);
  const parts = /\.([^.[]*)|\[([^\]]*)(\]?)/y;
  while (parts.lastIndex < rest.length) {
    const at = parts.lastIndex;
    const match = parts.exec(rest);
    if (match === null) throw new PyError('ValueError', "Only '.' or '[' may follow ']' in format field specifier");
    const [, attribute, item, closing] = match;
    if (attribute === '' || item === '') throw new PyError('ValueError', 'Empty attribute in format string');
    if (item !== undefined && closing !== ']') throw new PyError('ValueError', "Missing ']' in format string");
    if (attribute !== undefined) value = state.read(value, attribute, true);
    else if (item !== undefined) value = state.read(value, /^\d+$/.test(item) ? Number(item) : item, false);
    if (parts.lastIndex === at) break;
  }
  return value;
}

function firstValue(first: string, isWholeName: boolean, state: FormatState): Value {
  const isNumber = /^\d+$/.test(first);
  const isAutomatic = first === '' && isWholeName;
  if (!isNumber && !isAutomatic) {
    const value = state.kwargs.get(first);
    if (value === undefined) throw new PyError('KeyError', pyRepr(first));
    return value;
  }
  // Python notices the mixing of both styles only in fields that are nothing but a number.
  if (isWholeName) checkNumbering(isAutomatic, state);
  const value = state.args[isAutomatic ? state.nextIndex++ : Number(first)];
  if (value === undefined) throw new PyError('IndexError', 'tuple index out of range');
  return value;
}

function checkNumbering(isAutomatic: boolean, state: FormatState): void {
  const mixed = isAutomatic ? state.manual : state.nextIndex > 0;
  if (mixed) {
    throw new PyError('ValueError', 'cannot switch from manual field specification to automatic field numbering');
  }
  if (!isAutomatic) state.manual = true;
}
