import { joinLines, linesOf } from '../text_lines.ts';
import { fingerprintOf, KEY_TYPE } from './public_key.ts';

/** A key that may log in, by Salt's names. */
export interface AuthorizedKey {
  readonly key: string;
  readonly enc: string;
  readonly comment: string;
  readonly options: readonly string[];
}

/** Options, the type, the key, a comment; undefined for a comment, an empty line and what is no key. */
function parseKeyLine(line: string): AuthorizedKey | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const [first = ''] = text.split(/\s/, 1);
  const optionText = KEY_TYPE.test(first) ? '' : untilBlank(text);
  const [enc = '', key = '', ...comment] = text.slice(optionText.length).trim().split(/\s+/);
  if (!KEY_TYPE.test(enc) || fingerprintOf(key) === undefined) return undefined;
  return { key, enc, comment: comment.join(' '), options: splitOptions(optionText) };
}

/** Blanks within quotes belong to an option: `command="ls -l"`. */
function untilBlank(text: string): string {
  return /^(?:"(?:\\.|[^"\\])*"|[^\s"])*/.exec(text)?.[0] ?? '';
}

function splitOptions(text: string): string[] {
  return text.match(/(?:"(?:\\.|[^"\\])*"|[^,"])+/g) ?? [];
}

function formatKey({ key, enc, comment, options }: AuthorizedKey): string {
  const words = [...(options.length > 0 ? [options.join(',')] : []), enc, key, ...(comment === '' ? [] : [comment])];
  return words.join(' ');
}

/** The keys of a file, by themselves; the last of a kind counts. */
export function parseKeys(text: string): ReadonlyMap<string, AuthorizedKey> {
  const keys = text.split('\n').flatMap((line) => parseKeyLine(line) ?? []);
  return new Map(keys.map((key) => [key.key, key]));
}

/** What `ssh.auth_keys` returns of a file. */
export function describeKeys(text: string, hash: string | undefined): Readonly<Record<string, object>> {
  const described = [...parseKeys(text).values()].map(({ key, enc, comment, options }) => [
    key,
    { enc, comment, options, fingerprint: fingerprintOf(key, hash) },
  ]);
  return Object.fromEntries(described);
}

/** What has to be done for a key to stand there as it is wished. */
export function judgeKey(text: string, wanted: AuthorizedKey): 'add' | 'update' | 'exists' {
  const current = parseKeys(text).get(wanted.key);
  if (current === undefined) return 'add';
  return formatKey(current) === formatKey(wanted) ? 'exists' : 'update';
}

/** In place of the line of that key, or behind all others. */
export function withKey(text: string, wanted: AuthorizedKey): string {
  const lines = linesOf(text);
  const place = lines.findIndex((line) => parseKeyLine(line)?.key === wanted.key);
  const others = lines.filter((line, index) => index === place || parseKeyLine(line)?.key !== wanted.key);
  return joinLines(place < 0 ? [...others, formatKey(wanted)] : others.with(place, formatKey(wanted)));
}

export function withoutKey(text: string, key: string): string {
  return joinLines(linesOf(text).filter((line) => parseKeyLine(line)?.key !== key));
}
