import { isDict } from '../shared/python_text.ts';

/** The arguments of a function as they go into a job. */
export interface CallArgs {
  readonly arg: readonly unknown[];
  readonly kwarg: Readonly<Record<string, unknown>>;
}

export interface ParseOptions {
  /** Keyword arguments whose values stay the text they were typed as (`--no-parse`). */
  readonly noParse?: readonly string[];
}

/** `key=value`; `==` is no assignment, and a text of several lines is never one. */
const keyword = /^([\p{L}_][\p{L}\p{N}_.-]*)=(?!=)([^\n]*)$/u;

/** What follows the function on a command line: `key=value` becomes a keyword argument, every value is read as YAML. */
export async function parseCallArgs(argv: readonly string[], options: ParseOptions = {}): Promise<CallArgs> {
  const arg: unknown[] = [];
  const kwarg = new Map<string, unknown>();
  for (const text of argv) {
    const [, name, value = ''] = keyword.exec(text) ?? [];
    if (name === undefined) arg.push(await parseValue(text));
    else kwarg.set(name, options.noParse?.includes(name) ? value : await parseValue(value));
  }
  return { arg, kwarg: Object.fromEntries(kwarg) };
}

const words: ReadonlyMap<string, boolean | null> = new Map([
  ...spellings('true', true),
  ...spellings('yes', true),
  ...spellings('on', true),
  ...spellings('false', false),
  ...spellings('no', false),
  ...spellings('off', false),
  ...spellings('null', null),
  ['None', null],
  ['~', null],
]);

function spellings<T>(word: string, value: T): [string, T][] {
  const title = word.charAt(0).toUpperCase() + word.slice(1);
  return [word, title, word.toUpperCase()].map((spelling) => [spelling, value]);
}

/** One value as Salt reads it: YAML, unless that would lose what was typed. */
export async function parseValue(text: string): Promise<unknown> {
  const word = words.get(text);
  if (word !== undefined) return word;
  if (/^(?:0|-?[1-9]\d{0,14})$/.test(text) || /^-?(?:0|[1-9]\d{0,8})\.\d{1,6}$/.test(text)) return Number(text);
  return staysText(text) ? text : parseYaml(text);
}

/** True when YAML would answer with the text itself, or with something Salt does not take. */
function staysText(text: string): boolean {
  if (/[\t\r\n]/.test(text) || /^\s*(?:---|\.\.\.)?\s*$/.test(text)) return true;
  if (text.includes('_') && /^[\d_]+$/.test(text.trim())) return true;
  // A text that starts like a word can only be a word or, with `: `, a mapping without braces. Loading YAML is slow.
  return /^[A-Za-z/]/.test(text) && !text.includes('#') && !/\s$/.test(text);
}

async function parseYaml(text: string): Promise<unknown> {
  const { yamlOrText } = await import('../shared/yaml_or_text.ts');
  return keepMeant(yamlOrText(text), text);
}

/** The value, or the text where YAML found less in it than the operator typed. */
function keepMeant(value: unknown, text: string): unknown {
  if (typeof value === 'string') return text.includes('#') || (value === '' && !/^\s*['"]/.test(text)) ? text : value;
  if (value === null) return words.has(text.trim()) ? null : text;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return text.startsWith('[') ? value : text;
  return isDict(value) && text.startsWith('{') ? value : text;
}
