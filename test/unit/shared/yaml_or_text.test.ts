import { expect, test } from 'vitest';
import { yamlOrText } from '../../../shared/yaml_or_text.ts';

test.each([
  ['{a: 1, b: yes}', { a: 1, b: true }],
  ['0644', 644],
  ['', ''],
  ['*.txt', '*.txt'],
  ['[a', '[a'],
  ['@home', '@home'],
])('%j is %j', (text, expected) => {
  expect(yamlOrText(text)).toEqual(expected);
});
