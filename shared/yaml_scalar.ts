import { pyStr } from './python_text.ts';

/** How PyYAML decides to write one scalar. Line breaks other than `\n` are escaped, because terminals obey some of them. */

export type ScalarStyle = 'plain' | 'single' | 'double';

export interface Scalar {
  readonly text: string;
  /** A text that would be read as a number, a date, a boolean or null must be quoted. */
  readonly plainKeepsType: boolean;
}

/** What a plain text would be taken for: boolean, float, integer, merge key, null, date, value key. */
const otherTypes = [
  /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)$/,
  /^(?:[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
  /^(?:<<|=|~|null|Null|NULL|)$/,
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/,
  /^[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9]{2})?))?$/,
];

export function toScalar(value: unknown): Scalar {
  if (typeof value === 'string') {
    return { text: value, plainKeepsType: !otherTypes.some((pattern) => pattern.test(value)) };
  }
  return { text: typeof value === 'number' ? numberText(value) : constantText(value), plainKeepsType: true };
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  const text = pyStr(value);
  return text.includes('.') ? text : text.replace('e', '.0e');
}

function constantText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  return String(value);
}

/** A key that fits `key: value`; any other takes `? key` and `: value`. */
export function isSimpleKey(text: string): boolean {
  return text !== '' && text.length < 128 && !text.includes('\n');
}

export function scalarStyle(scalar: Scalar, place: { inFlow: boolean; isKey: boolean }): ScalarStyle {
  const { text } = scalar;
  const unquotable = /^[ \n]|[ \n]$|\n/.test(text) || hasSpecial(text) || hasIndicator(text, place.inFlow);
  if (scalar.plainKeepsType && text !== '' && !unquotable) return 'plain';
  const singleLoses = hasSpecial(text) || / \n|\n /.test(text) || (place.isKey && text.includes('\n'));
  return singleLoses ? 'double' : 'single';
}

function hasSpecial(text: string): boolean {
  return /[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u.test(text);
}

/** Signs that mean something to YAML where they stand. */
function hasIndicator(text: string, inFlow: boolean): boolean {
  if (/^(?:---|\.\.\.|[#,[\]{}&*!|>'"%@`])/.test(text)) return true;
  if (/^[?:-](?:\s|$)|:(?:\s|$)|\s#/.test(text)) return true;
  return inFlow && /[,?[\]{}:]/.test(text);
}
