import { loadJson } from '../json/load_json.ts';
import { PyError } from '../values/py_error.ts';
import type { Value } from '../values/py_object.ts';

export interface JmesToken {
  /** A sign, or `name`, `quoted`, `number`, `literal`, `end`. */
  readonly kind: string;
  readonly at: number;
  readonly text: string;
  /** Of literals. */
  readonly value: Value;
}

const pattern =
  /(?<space>[ \t\n\r]+)|(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<number>-?[0-9]+)|(?<quoted>"(?:\\[\s\S]|[^"\\])*")|'(?<raw>(?:\\[\s\S]|[^'\\])*)'|`(?<json>(?:\\[\s\S]|[^`\\])*)`|(?<sign>\[\]|\[\?|\|\||&&|[<>=!]=|[.*[\],:@(){}|&!<>])/y;

/**
 * The tokens of an expression, an `end` at the last.
 * @throws PyError ValueError
 */
export function jmesTokens(source: string): JmesToken[] {
  const tokens: JmesToken[] = [];
  let at = 0;
  while (at < source.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match === null) throw new PyError('ValueError', `json_query: unknown token ${source[at]} at column ${at}`);
    const groups = match.groups as Record<string, string | undefined>;
    if (groups.space === undefined) tokens.push(tokenOf(groups, at, match[0]));
    at += match[0].length;
  }
  tokens.push({ kind: 'end', at, text: '', value: null });
  return tokens;
}

function tokenOf(groups: Readonly<Record<string, string | undefined>>, at: number, text: string): JmesToken {
  if (groups.sign !== undefined) return { kind: groups.sign, at, text, value: null };
  if (groups.name !== undefined) return { kind: 'name', at, text, value: null };
  if (groups.number !== undefined) return { kind: 'number', at, text, value: null };
  if (groups.quoted !== undefined) return { kind: 'quoted', at, text: String(loadJson(text)), value: null };
  if (groups.raw !== undefined) return { kind: 'literal', at, text, value: groups.raw.replaceAll("\\'", "'") };
  return { kind: 'literal', at, text, value: readLiteral((groups.json as string).replaceAll('\\`', '`').trimStart()) };
}

/** JSON; what is none is text, an old habit that JMESPath keeps. */
function readLiteral(text: string): Value {
  try {
    return loadJson(text);
  } catch (error) {
    if (error instanceof PyError) return loadJson(`"${text}"`);
    throw error;
  }
}
