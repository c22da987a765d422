/** Values as Python prints them: what Salt's users see and what their scripts read. */

/** `repr(value)`. Members that are undefined are left out. */
export function pyRepr(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map(pyRepr).join(', ')}]`;
  if (value instanceof Uint8Array) return `b${quote(Buffer.from(value).toString('latin1'))}`;
  if (value !== null && typeof value === 'object') {
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

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let result = '';
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (character === mark || character === '\\') result += `\\${character}`;
    else if (character === '\n') result += '\\n';
    else if (character === '\r') result += '\\r';
    else if (character === '\t') result += '\\t';
    else if (code < 32 || (code >= 127 && code < 161)) result += `\\x${code.toString(16).padStart(2, '0')}`;
    else result += character;
  }
  return mark + result + mark;
}
