import { PyError } from '../values/py_error.ts';
import type { Value } from '../values/py_object.ts';
import { PY_SPACE, stripEnd, stripStart } from '../values/py_space.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { checkText } from '../values/repeat.ts';
import { isText, textOf, typeName } from '../values/text.ts';

const SPACES = new RegExp(`[${PY_SPACE}]+`, 'g');

/** `text.split(separator, limit)`; from the right for rsplit, without limit when it is negative. */
export function splitText(self: string, separator: Value, limit: number, fromRight: boolean): Value[] {
  if (separator === null) return splitSpaces(self, limit, fromRight);
  if (!isText(separator)) throw new PyError('TypeError', `must be str or None, not ${typeName(separator)}`);
  const by = textOf(separator);
  if (by === '') throw new PyError('ValueError', 'empty separator');
  if (!fromRight) {
    const parts = self.split(by);
    return limit < 0 || parts.length <= limit + 1 ? parts : [...parts.slice(0, limit), parts.slice(limit).join(by)];
  }
  const parts: string[] = [];
  let end = self.length;
  while (limit < 0 || parts.length < limit) {
    const at = end < by.length ? -1 : self.lastIndexOf(by, end - by.length);
    if (at === -1) break;
    parts.unshift(self.slice(at + by.length, end));
    end = at;
  }
  return [self.slice(0, end), ...parts];
}

function splitSpaces(self: string, limit: number, fromRight: boolean): Value[] {
  const trimmed = stripStart(self);
  if (limit < 0) return stripEnd(trimmed) === '' ? [] : stripEnd(trimmed).split(SPACES);
  return fromRight ? splitSpacesRight(self, limit) : splitSpacesLeft(trimmed, limit);
}

function splitSpacesLeft(self: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = self;
  while (rest !== '' && parts.length < limit) {
    const [word = ''] = rest.split(SPACES, 1);
    parts.push(word);
    rest = stripStart(rest.slice(word.length));
  }
  return rest === '' ? parts : [...parts, rest];
}

function splitSpacesRight(self: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = stripEnd(self);
  while (rest !== '' && parts.length < limit) {
    const word = rest.split(SPACES).at(-1) ?? '';
    parts.unshift(word);
    rest = stripEnd(rest.slice(0, rest.length - word.length));
  }
  return rest === '' ? parts : [rest, ...parts];
}

// What str.splitlines breaks at; \r\n is one break.
const LINE_BREAK = '\\r\\n|[\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029]';
const LINE = new RegExp(`(?:(?!${LINE_BREAK})[^])*(?:${LINE_BREAK}|$)`, 'g');
const FINAL_BREAK = new RegExp(`(?:${LINE_BREAK})$`);

/** `text.splitlines(keepends)`. */
export function splitLines(self: string, keepEnds: boolean): string[] {
  const lines = self.match(LINE) ?? [];
  if (lines.at(-1) === '') lines.pop();
  return keepEnds ? lines : lines.map((line) => line.replace(FINAL_BREAK, ''));
}

/** `text.partition(separator)`, or rpartition. */
export function partition(self: string, separator: string, last: boolean): PyTuple {
  if (separator === '') throw new PyError('ValueError', 'empty separator');
  const at = last ? self.lastIndexOf(separator) : self.indexOf(separator);
  if (at === -1) return new PyTuple(last ? ['', '', self] : [self, '', '']);
  return new PyTuple([self.slice(0, at), separator, self.slice(at + separator.length)]);
}

/** `text.replace(from, to, count)`; all when the count is negative. */
export function replaceText(self: string, from: string, to: string, count: number): string {
  const pieces = from === '' ? ['', ...self, ''] : self.split(from);
  const times = count < 0 ? pieces.length - 1 : Math.min(count, pieces.length - 1);
  checkText(self.length + times * (to.length - from.length));
  if (times === pieces.length - 1) return pieces.join(to);
  return [...pieces.slice(0, times), pieces.slice(times).join(from)].join(to);
}
