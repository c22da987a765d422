import { CONTROLS } from '../values/escape_letters.ts';
import { PyError } from '../values/py_error.ts';

type Groups = readonly (string | undefined)[];

const escapes: Readonly<Record<string, string>> = { ...CONTROLS, '\\': '\\' };

/**
 * A function that fills a template of `re.sub`.
 * @throws PyError ValueError, IndexError
 */
export function parseReplacement(
  template: string,
  groupCount: number,
  names: ReadonlyMap<string, number>,
): (groups: Groups) => string {
  const parts: (string | number)[] = [];
  const pattern = /\\(?:g<([^>]*)>|(0[0-7]{0,2}|[0-3][0-7]{2})|([1-9][0-9]?)|([\s\S]?))|[^\\]+/g;
  for (const match of template.matchAll(pattern)) {
    const [whole, name, octal, digits, letter] = match;
    const fail = (problem: string, at = 0) => refuse(problem, match.index + at);
    const group = (number: number, at: number) =>
      number > groupCount ? refuse(`invalid group reference ${number}`, match.index + at) : number;
    if (!whole.startsWith('\\')) parts.push(whole);
    else if (name !== undefined) parts.push(group(groupNumber(name, names, match.index + 3), 3));
    else if (octal !== undefined) parts.push(String.fromCharCode(Number.parseInt(octal, 8)));
    else if (digits !== undefined) parts.push(group(Number(digits), 1));
    else parts.push(escaped(letter as string, fail));
  }
  return (groups) => parts.map((part) => (typeof part === 'number' ? (groups[part] ?? '') : part)).join('');
}

function groupNumber(name: string, names: ReadonlyMap<string, number>, at: number): number {
  if (name === '') refuse('missing group name', at);
  if (/^\d+$/.test(name)) return Number(name);
  const number = names.get(name);
  if (number === undefined) throw new PyError('IndexError', `unknown group name '${name}'`);
  return number;
}

function escaped(letter: string, fail: (problem: string, at?: number) => never): string {
  const control = escapes[letter];
  if (control !== undefined) return control;
  if (letter === 'g') return fail('missing <', 2);
  if (letter === '') return fail('bad escape (end of pattern)');
  return /[A-Za-z]/.test(letter) ? fail(`bad escape \\${letter}`) : `\\${letter}`;
}

function refuse(problem: string, at: number): never {
  throw new PyError('ValueError', `${problem} at position ${at}`);
}
