import { expect, test } from 'vitest';
import { changeLine, type LineChange } from '../../../../../minion/lib/file/line_change.ts';

const hosts = 'alpha\n  beta\ngamma\n  beta\ndelta\n';
const change = (text: string, wish: Partial<LineChange>) => changeLine(text, { mode: 'ensure', indent: true, ...wish });

test.each<[string, Partial<LineChange>, string]>([
  ['the first match and all lines equal to it', { match: 'beta' }, 'alpha\ngamma\ndelta\n'],
  ['by the content when there is no match', { content: '^gamma$' }, 'alpha\n  beta\n  beta\ndelta\n'],
  ['nothing when nothing matches', { match: 'omega' }, hosts],
])('delete removes %s', (_what, wish, result) => {
  expect(change(hosts, { ...wish, mode: 'delete' })).toBe(result);
});

test.each<[string, Partial<LineChange>, string]>([
  [
    'keeps the indentation of the old line',
    { match: 'bet.', content: 'BETA' },
    'alpha\n  BETA\ngamma\n  beta\ndelta\n',
  ],
  [
    'takes the content as it is, when told',
    { match: 'beta', content: 'B', indent: false },
    'alpha\nB\ngamma\n  beta\ndelta\n',
  ],
  ['leaves a text without a match alone', { match: 'omega', content: 'x' }, hosts],
])('replace %s', (_what, wish, result) => {
  expect(change(hosts, { ...wish, mode: 'replace' })).toBe(result);
});

test.each<[string, string, Partial<LineChange>, string]>([
  ['at the start', 'a\nb\n', { content: 'x', location: 'start' }, 'x\na\nb\n'],
  ['at the end', 'a\n b\n', { content: 'x', location: 'end' }, 'a\n b\n x\n'],
  ['at the end of a last line that is not ended', 'a', { content: 'x', location: 'end' }, 'a\nx\n'],
  ['into an empty text', '', { content: 'x', location: 'end' }, 'x\n'],
  ['before a line', 'a\n\tb\n', { content: 'x', before: 'b' }, 'a\n\tx\n\tb\n'],
  ['after a line', 'a\n\tb\nc\n', { content: 'x', after: 'b' }, 'a\n\tb\n\tx\nc\n'],
  ['between two lines, before the second', 'a\nb\nc\n', { content: 'x', after: 'a', before: 'c' }, 'a\nb\nx\nc\n'],
  ['of more than one line', 'a\n', { content: 'x\ny\n', location: 'end' }, 'a\nx\ny\n'],
  ['with carriage returns where the text has them', 'a\r\nb\r\n', { content: 'x', after: '^a$' }, 'a\r\nx\r\nb\r\n'],
])('insert puts a line %s, once', (_where, text, wish, result) => {
  const once = change(text, { ...wish, mode: 'insert' });
  expect(once).toBe(result);
  expect(change(once, { ...wish, mode: 'insert' })).toBe(result);
});

test.each<[string, string, Partial<LineChange>, string]>([
  ['between two lines that touch', '  a\nb\n', { content: 'x', after: 'a', before: 'b' }, '  a\n  x\nb\n'],
  ['after a line', 'a\nb\n', { content: 'x', after: 'a' }, 'a\nx\nb\n'],
  ['before a line', 'a\nb\n', { content: 'x', before: 'b' }, 'a\nx\nb\n'],
  ['that is there among others', 'a\n1\nx\n2\nb\n', { content: 'x', after: 'a', before: 'b' }, 'a\n1\nx\n2\nb\n'],
  ['beside what is no regular expression', 'f(\nb\n', { content: 'x', after: 'f(' }, 'f(\nx\nb\n'],
])('ensure sees to a line %s, once', (_where, text, wish, result) => {
  const once = change(text, wish);
  expect(once).toBe(result);
  expect(change(once, wish)).toBe(result);
});

test.each<[string, Partial<LineChange>, string, string]>([
  [
    'a line that is not there',
    { content: 'x', after: 'omega' },
    'COMMAND_FAILED',
    'Found less than expected occurrences in "after"',
  ],
  [
    'a line that is there twice',
    { content: 'x', before: 'beta' },
    'COMMAND_FAILED',
    'Found more than expected occurrences in "before"',
  ],
  [
    'other lines between the two',
    { content: 'x', after: 'alpha', before: 'delta' },
    'COMMAND_FAILED',
    'Found more than one line between',
  ],
  [
    'the two in the wrong order',
    { content: 'x', after: 'delta', before: 'alpha' },
    'COMMAND_FAILED',
    'does not stand above',
  ],
  ['no place to ensure it at', { content: 'x' }, 'ARGS_INVALID', 'Wrong conditions?'],
  ['no place to insert it at', { content: 'x', mode: 'insert' }, 'ARGS_INVALID', 'On insert either "location" or'],
  ['no content', { after: 'alpha' }, 'ARGS_INVALID', 'Content can only be empty if mode is "delete"'],
  ['nothing to delete', { mode: 'delete' }, 'ARGS_INVALID', 'needs match or content'],
  ['a pattern that cannot be read', { mode: 'delete', match: 'a(' }, 'ARGS_INVALID', 'a('],
])('%s is an error', (_what, wish, code, message) => {
  expect(() => change(hosts, wish)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});
