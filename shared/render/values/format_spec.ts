import { fixed, formatFloat } from './float_format.ts';
import { isNumeric, toDouble } from './numeric.ts';
import { PyError } from './py_error.ts';
import { PyFloat } from './py_float.ts';
import { isInt } from './py_int.ts';
import type { Value } from './py_object.ts';
import { checkText } from './repeat.ts';
import { floatRepr } from './scalar_repr.ts';
import { isText, pyStr, textOf, typeName } from './text.ts';

const SPEC = /^(?:(.)?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/su;

interface Spec {
  readonly fill: string;
  readonly align: string | undefined;
  readonly sign: string;
  readonly alternate: boolean;
  readonly width: number;
  readonly grouping: string | undefined;
  readonly precision: number | undefined;
  readonly type: string | undefined;
}

/** `format(value, spec)`. */
export function formatValue(value: Value, text: string): string {
  if (text === '') return pyStr(value);
  if (!isText(value) && !isNumeric(value)) {
    throw new PyError('TypeError', `unsupported format string passed to ${typeName(value)}.__format__`);
  }
  const spec = parseSpec(text, typeName(value));
  if (isText(value)) return formatText(textOf(value), spec);
  if (value instanceof PyFloat) return formatDouble(value.value, spec, 'float');
  return formatInteger(isInt(value) ? value : Number(value), spec);
}

function parseSpec(text: string, name: string): Spec {
  const match = SPEC.exec(text);
  if (match === null) {
    throw new PyError('ValueError', `Invalid format specifier '${text}' for object of type '${name}'`);
  }
  const [, fill, align, sign = '-', , alternate, zero, width, grouping, precision, type] = match;
  checkText(Number(width ?? 0));
  return {
    fill: fill ?? (zero ? '0' : ' '),
    align: align ?? (zero ? '=' : undefined),
    sign,
    alternate: alternate !== undefined,
    width: Number(width ?? 0),
    grouping,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  };
}

function unknownCode(type: string, name: string): PyError {
  return new PyError('ValueError', `Unknown format code '${type}' for object of type '${name}'`);
}

function formatText(text: string, spec: Spec): string {
  if (spec.type !== undefined && spec.type !== 's') throw unknownCode(spec.type, 'str');
  if (spec.grouping !== undefined) throw new PyError('ValueError', `Cannot specify '${spec.grouping}' with 's'.`);
  if (spec.sign !== '-') {
    throw new PyError('ValueError', `${spec.sign === ' ' ? 'Space' : 'Sign'} not allowed in string format specifier`);
  }
  if (spec.align === '=' && spec.fill !== '0') {
    throw new PyError('ValueError', "'=' alignment not allowed in string format specifier");
  }
  const cut = spec.precision === undefined ? text : [...text].slice(0, spec.precision).join('');
  return pad(spec, '', cut, spec.align === '=' ? '<' : (spec.align ?? '<'));
}

const BASES: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16, X: 16 };

function formatInteger(value: number | bigint, spec: Spec): string {
  const { type = 'd' } = spec;
  if ('eEfFgG%'.includes(type)) return formatDouble(toDouble(value), spec, 'int');
  if (type === 'c') return pad(spec, '', String.fromCodePoint(Number(value)), spec.align ?? '<');
  if (!'dnboxX'.includes(type)) throw unknownCode(type, 'int');
  if (spec.precision !== undefined)
    throw new PyError('ValueError', 'Precision not allowed in integer format specifier');
  const base = BASES[type] ?? 10;
  const magnitude = BigInt(value) < 0n ? -BigInt(value) : BigInt(value);
  let digits = magnitude.toString(base);
  if (type === 'X') digits = digits.toUpperCase();
  const prefix = spec.alternate && base !== 10 ? `0${type}` : '';
  const grouped = group(digits, spec.grouping, base === 10 ? 3 : 4);
  return padNumber(spec, signText(spec, BigInt(value) < 0n) + prefix, grouped, '', base === 10 ? 3 : 4);
}

function formatDouble(value: number, spec: Spec, name: string): string {
  const { type } = spec;
  if (type !== undefined && !'eEfFgGn%'.includes(type)) throw unknownCode(type, name);
  const magnitude = Math.abs(value);
  const negative = value < 0 || Object.is(value, -0);
  const text = magnitudeText(magnitude, spec);
  const [, whole = '', rest = ''] = /^(\d*)(.*)$/s.exec(text) ?? [];
  return padNumber(spec, signText(spec, negative), group(whole, spec.grouping, 3), rest, 3);
}

function magnitudeText(value: number, spec: Spec): string {
  const { type, precision, alternate } = spec;
  if (!Number.isFinite(value)) {
    const text = Number.isNaN(value) ? 'nan' : 'inf';
    return type === '%' ? `${text}%` : type !== undefined && type !== type.toLowerCase() ? text.toUpperCase() : text;
  }
  if (type === '%') return `${fixed(value * 100, precision ?? 6)}%`;
  if (type === undefined) return precision === undefined ? floatRepr(value) : shortest(value, precision);
  return formatFloat(value, type === 'n' ? 'g' : type, precision ?? 6, alternate);
}

// Without a type a float is like `g` but keeps one digit after the point.
function shortest(value: number, precision: number): string {
  const digits = Math.max(precision, 1);
  const exponent = value === 0 ? 0 : Number(value.toExponential(Math.min(digits, 100) - 1).split('e')[1]);
  const text = formatFloat(value, 'g', digits);
  if (text.includes('e')) return text;
  if (exponent >= digits - 1 && exponent > 0 && !text.includes('.') && exponent === digits - 1) {
    return formatFloat(value, 'e', digits - 1).replace(/\.?0*e/, 'e');
  }
  return text.includes('.') ? text : `${text}.0`;
}

function signText(spec: Spec, negative: boolean): string {
  if (negative) return '-';
  return spec.sign === '-' ? '' : spec.sign;
}

function group(digits: string, separator: string | undefined, size: number): string {
  if (separator === undefined) return digits;
  const parts: string[] = [];
  for (let end = digits.length; end > 0; end -= size) parts.unshift(digits.slice(Math.max(0, end - size), end));
  return parts.join(separator);
}

function padNumber(spec: Spec, prefix: string, whole: string, rest: string, size: number): string {
  if (spec.align !== '=' || spec.fill !== '0' || spec.grouping === undefined) {
    return pad(spec, prefix, whole + rest, spec.align ?? '>');
  }
  // Zeros that fill a grouped number are grouped too.
  let digits = whole.replaceAll(spec.grouping, '');
  let text = whole;
  while (prefix.length + text.length + rest.length < spec.width) {
    digits = `0${digits}`;
    text = group(digits, spec.grouping, size);
  }
  return prefix + text + rest;
}

function pad(spec: Spec, prefix: string, text: string, align: string): string {
  const missing = spec.width - prefix.length - [...text].length;
  if (missing <= 0) return prefix + text;
  if (align === '=') return prefix + spec.fill.repeat(missing) + text;
  if (align === '<') return prefix + text + spec.fill.repeat(missing);
  if (align === '>') return spec.fill.repeat(missing) + prefix + text;
  const left = Math.floor(missing / 2);
  return spec.fill.repeat(left) + prefix + text + spec.fill.repeat(missing - left);
}
