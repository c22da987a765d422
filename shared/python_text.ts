import { bytesRepr, floatRepr, textRepr } from './render/values/scalar_repr.ts';

/** Values as Python prints them: what Salt's users see and what their scripts read. */

/** `repr(value)`. Members that are undefined are left out. */
export function pyRepr(value: unknown): string {
  if (typeof value === 'string') return textRepr(value);
  if (Array.isArray(value)) return `[${value.map(pyRepr).join(', ')}]`;
  if (value instanceof Uint8Array) return bytesRepr(value);
  if (isDict(value)) {
    const items = Object.entries(value).filter(([, item]) => item !== undefined);
    return `{${items.map(([key, item]) => `${textRepr(key)}: ${pyRepr(item)}`).join(', ')}}`;
  }
  return pyStr(value);
}

/** `str(value)`. */
export function pyStr(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'number') return pyNumber(value);
  if (typeof value === 'object') return pyRepr(value);
  return String(value);
}

/** What is whole is an int; from 1e21 on, JavaScript itself writes exponents. */
function pyNumber(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? BigInt(value).toString() : floatRepr(value);
}

/** True for what Python would call a dict: an object that is neither a list nor bytes. */
export function isDict(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** `bool(value)`: what is empty is false. */
export function pyBool(value: unknown): boolean {
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length > 0;
  return isDict(value) ? Object.keys(value).length > 0 : Boolean(value);
}

/** `text.splitlines()`, but for the ASCII separators 28 to 30, which stay in their line. */
export function pyLines(text: string): string[] {
  const lines = text.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
