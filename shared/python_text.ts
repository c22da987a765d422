/** Values as Python prints them: what Salt's users see and what their scripts read. */

/** `repr(value)`. Members that are undefined are left out. */
export function pyRepr(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map(pyRepr).join(', ')}]`;
  if (value instanceof Uint8Array) return bytesRepr(value);
  if (isDict(value)) {
    const items = Object.entries(value).filter(([, item]) => item !== undefined);
    return `{${items.map(([key, item]) => `${quote(key)}: ${pyRepr(item)}`).join(', ')}}`;
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

/** Numbers as Python spells them: `1e-06` and `1e+22` have a sign and two digits in the exponent. */
function pyNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Number.isInteger(value)) return Math.abs(value) < 1e21 ? BigInt(value).toString() : exponent(value);
  const size = Math.abs(value);
  return size < 1e-4 || size >= 1e16 ? exponent(value) : String(value);
}

function exponent(value: number): string {
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

/** True for what Python would call a dict: an object that is neither a list nor bytes. */
export function isDict(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** `text.splitlines()`, but for the ASCII separators 28 to 30, which stay in their line. */
export function pyLines(text: string): string[] {
  const lines = text.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

const shortEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** What `str.isprintable` refuses, control, format, unassigned and separator characters except the space, and what else may need a backslash. */
const special = /(?! )[\p{C}\p{Z}'"\\]/gu;
const specialByte = /[^ -~]|['"\\]/g;

function quote(text: string): string {
  return quoteWith(text, special);
}

function bytesRepr(bytes: Uint8Array): string {
  return `b${quoteWith(Buffer.from(bytes).toString('latin1'), specialByte)}`;
}

function quoteWith(text: string, pattern: RegExp): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll(pattern, (character) => {
    if (character === mark) return `\\${character}`;
    if (character === "'" || character === '"') return character;
    return shortEscapes[character] ?? hexEscape(character);
  });
  return mark + escaped + mark;
}

function hexEscape(character: string): string {
  const code = character.codePointAt(0) as number;
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
