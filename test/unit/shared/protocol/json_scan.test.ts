import { expect, test } from 'vitest';
import { RETURN_VALUE_MAX, readReturnValue, scanJson } from '../../../../shared/protocol/json_scan.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

test.each([
  ['a text with brackets, commas and escaped quotes', JSON.stringify(`[[[,,\\"${'['.repeat(100)}\\\\`)],
  ['a mapping of lists', '{"a":[1,2,{"b":null}],"c":"ü"}'],
  ['a number', '42'],
])('%s is read', (_what, text) => {
  expect(readReturnValue(bytes(text))).toEqual(JSON.parse(text));
});

test('what is too deep is refused before it is read', () => {
  const deep = (levels: number): Uint8Array => bytes('['.repeat(levels) + ']'.repeat(levels));
  expect(() => scanJson(deep(RETURN_VALUE_MAX.depth))).not.toThrow();
  expect(() => scanJson(deep(RETURN_VALUE_MAX.depth + 1))).toThrow('deeper than 32 levels');
});

test('what has too many items is refused before it is read', () => {
  expect(() => readReturnValue(bytes(`[${'0,'.repeat(RETURN_VALUE_MAX.items)}0]`))).toThrow('more than 5000000 items');
});

test.each([
  ['no JSON', '{"a":'],
  ['an open text', '"abc'],
  ['an escaped end', '"abc\\"'],
])('%s is refused', (_what, text) => {
  expect(() => readReturnValue(bytes(text))).toThrow(/^JSON refused/);
});

test('bytes that are no UTF-8 are refused', () => {
  expect(() => readReturnValue(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(/^JSON refused/);
});
