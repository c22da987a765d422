import { formatFloat } from './float_format.ts';
import { escapeHtml, Markup } from './markup.ts';
import { isNumeric, toDouble } from './numeric.ts';
import { PyDict } from './py_dict.ts';
import { PyError } from './py_error.ts';
import { PyFloat } from './py_float.ts';
import { intFromDouble, isInt } from './py_int.ts';
import type { Value } from './py_object.ts';
import { PyTuple } from './py_tuple.ts';
import { checkText } from './repeat.ts';
import { isText, pyRepr, pyStr, textOf, typeName } from './text.ts';
import { Undefined } from './undefined.ts';

const CONVERSION = /%(?:\(([^)]*)\))?([-0 +#]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlL]?(.?)/gs;

interface Conversion {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly type: string;
}

/** `format % values` as Python's printf-style formatting does it. */
export function formatPercent(format: string | Markup, values: Value): Value {
  const isMarkup = format instanceof Markup;
  const source = new ArgumentSource(values);
  const text = textOf(format).replace(
    CONVERSION,
    (
      match,
      name: string | undefined,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      type: string,
      offset: number,
    ) => {
      if (type === '') throw new PyError('ValueError', 'incomplete format');
      if (match === '%%') return '%';
      const hasPoint = match.slice(0, -1).includes('.');
      const conversion: Conversion = {
        flags: flags + (width === '*' ? source.starSign() : ''),
        width: source.size(width) ?? 0,
        precision: hasPoint ? (source.size(precision) ?? 0) : undefined,
        type,
      };
      const value = name === undefined ? source.next() : source.named(name);
      if (!'diouxXeEfFgGcrsa'.includes(type)) {
        const code = (type.codePointAt(0) ?? 0).toString(16);
        const at = offset + match.length - type.length;
        throw new PyError('ValueError', `unsupported format character '${type}' (0x${code}) at index ${at}`);
      }
      const plain = convert(conversion, value);
      return isMarkup && !(value instanceof Markup) && !isNumeric(value) ? escapeHtml(plain) : plain;
    },
  );
  source.finish();
  return isMarkup ? new Markup(text) : text;
}

/** Hands out the values in order or by name, and complains like Python when they do not fit. */
class ArgumentSource {
  readonly #values: Value;
  readonly #items: readonly Value[];
  #index = 0;
  #negativeWidth = false;

  constructor(values: Value) {
    this.#values = values;
    this.#items = values instanceof PyTuple ? values.items : [values];
  }

  next(): Value {
    const value = this.#items[this.#index++];
    if (value === undefined) throw new PyError('TypeError', 'not enough arguments for format string');
    return value;
  }

  named(name: string): Value {
    if (!(this.#values instanceof PyDict)) {
      if (this.#values instanceof Undefined) this.#values.fail();
      if (Array.isArray(this.#values))
        throw new PyError('TypeError', 'list indices must be integers or slices, not str');
      throw new PyError('TypeError', 'format requires a mapping');
    }
    const value = this.#values.get(name);
    if (value === undefined) throw new PyError('KeyError', pyRepr(name));
    return value;
  }

  size(text: string | undefined): number | undefined {
    if (text !== '*') return text === undefined ? undefined : Number(text);
    if (this.#negativeWidth) {
      this.#negativeWidth = false;
      return -Number(this.#items[this.#index - 1]);
    }
    const value = this.next();
    if (!isInt(value) && typeof value !== 'boolean') throw new PyError('TypeError', '* wants int');
    return Number(value);
  }

  // A negative width given by * means the left.
  starSign(): string {
    const value = this.#items[this.#index];
    if (!isInt(value) || value >= 0) return '';
    this.#index++;
    this.#negativeWidth = true;
    return '-';
  }

  finish(): void {
    const left = this.#index < this.#items.length;
    if (!left || this.#values instanceof PyDict || this.#values instanceof Undefined) return;
    if (!(this.#values instanceof PyTuple) && (Array.isArray(this.#values) || this.#values instanceof Uint8Array))
      return;
    throw new PyError('TypeError', 'not all arguments converted during string formatting');
  }
}

function convert(conversion: Conversion, value: Value): string {
  const { type } = conversion;
  if (type === 's' || type === 'r' || type === 'a') {
    const text = type === 's' ? pyStr(value) : type === 'r' ? pyRepr(value) : asciiRepr(value);
    const cut = conversion.precision === undefined ? text : [...text].slice(0, conversion.precision).join('');
    return pad(conversion, '', cut, false);
  }
  if (type === 'c') return pad(conversion, '', character(value), false);
  if ('eEfFgG'.includes(type)) return convertFloat(conversion, value);
  return convertInt(conversion, value);
}

/** `ascii(value)`. */
export function asciiRepr(value: Value): string {
  let out = '';
  for (const character of pyRepr(value)) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 127) out += character;
    else if (code <= 0xff) out += `\\x${code.toString(16)}`;
    else
      out += code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return out;
}

function character(given: Value): string {
  const value = typeof given === 'boolean' ? Number(given) : given;
  if (isText(value) && [...textOf(value)].length === 1) return textOf(value);
  if (!isInt(value)) throw new PyError('TypeError', '%c requires int or char');
  if (value < 0 || value > 0x10ffff) throw new PyError('OverflowError', '%c arg not in range(0x110000)');
  return String.fromCodePoint(Number(value));
}

function convertFloat(conversion: Conversion, value: Value): string {
  if (!isNumeric(value)) {
    if (value instanceof Undefined) value.fail();
    throw new PyError('TypeError', `must be real number, not ${typeName(value)}`);
  }
  const double = toDouble(value);
  const { flags, precision = 6, type } = conversion;
  const digits = formatFloat(Math.abs(double), type, precision, flags.includes('#'));
  const negative = double < 0 || Object.is(double, -0);
  return pad(conversion, sign(flags, negative), digits, Number.isFinite(double));
}

function convertInt(conversion: Conversion, value: Value): string {
  const { type, flags, precision } = conversion;
  const whole = wholeNumber(type, value);
  const magnitude = BigInt(whole) < 0n ? -BigInt(whole) : BigInt(whole);
  const base = type === 'o' ? 8 : type === 'x' || type === 'X' ? 16 : 10;
  const prefix = flags.includes('#') && base !== 10 ? `0${type}` : '';
  let digits = magnitude.toString(base).padStart(precision ?? 0, '0');
  if (type === 'X') digits = digits.toUpperCase();
  return pad(conversion, sign(flags, BigInt(whole) < 0n) + prefix, digits, true);
}

function wholeNumber(type: string, value: Value): number | bigint {
  if (typeof value === 'boolean') return Number(value);
  if (isInt(value)) return value;
  const isDecimal = type === 'd' || type === 'i' || type === 'u';
  if (isDecimal && value instanceof PyFloat) return intFromFloat(value.value);
  if (isDecimal && value instanceof Undefined) value.fail();
  const wanted = isDecimal ? 'a real number is required' : 'an integer is required';
  throw new PyError('TypeError', `%${type} format: ${wanted}, not ${typeName(value)}`);
}

/** `int(float)`; infinity and nan are errors. */
export function intFromFloat(value: number): number | bigint {
  if (Number.isNaN(value)) throw new PyError('ValueError', 'cannot convert float NaN to integer');
  if (!Number.isFinite(value)) throw new PyError('OverflowError', 'cannot convert float infinity to integer');
  return intFromDouble(value);
}

function sign(flags: string, negative: boolean): string {
  if (negative) return '-';
  return flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
}

function pad({ flags, width }: Conversion, prefix: string, text: string, isNumber: boolean): string {
  checkText(width);
  const length = prefix.length + [...text].length;
  if (length >= width) return prefix + text;
  const fill = width - length;
  if (flags.includes('-')) return prefix + text + ' '.repeat(fill);
  return flags.includes('0') && isNumber ? prefix + '0'.repeat(fill) + text : ' '.repeat(fill) + prefix + text;
}
