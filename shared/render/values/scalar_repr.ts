/** `repr` of what Python and JavaScript both have. */

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };
const PLAIN = /^[ !#-&(-[\]-~]*$/;
const NOT_PRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]/u;
const NOT_ASCII = /[^ -~]/;

/** `repr` of a str. */
export function textRepr(text: string): string {
  return PLAIN.test(text) ? `'${text}'` : quoted(text, NOT_PRINTABLE);
}

/** `repr` of bytes. */
export function bytesRepr(bytes: Uint8Array): string {
  return `b${quoted(Buffer.from(bytes).toString('latin1'), NOT_ASCII)}`;
}

/** `repr` of a float: shortest digits that read back the same, exponents where Python writes them. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 16) {
    const text =
      exponent < 0 ? value.toFixed(Math.max(0, mantissa.replace(/[-.]/g, '').length - 1 - exponent)) : String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function quoted(text: string, hidden: RegExp): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = '';
  for (const character of text) out += escapeCharacter(character, quote, hidden);
  return quote + out + quote;
}

function escapeCharacter(character: string, quote: string, hidden: RegExp): string {
  if (character === quote) return `\\${character}`;
  const short = ESCAPES[character];
  if (short !== undefined) return short;
  if (character === ' ' || !hidden.test(character)) return character;
  const code = character.codePointAt(0) as number;
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
