import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { callerNames } from '../../shared/plugin/named_calls.ts';

const modules = new URL('../../minion/modules/', import.meta.url);
const names = readdirSync(modules)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));

/** Each function of a module with its text, and under the name of the module what stands below them. */
function functionsOf(name: string): readonly (readonly [string, string])[] {
  const whole = readFileSync(new URL(`${name}.ts`, modules), 'utf8');
  const text = whole.slice(whole.indexOf('export default'));
  const end = text.search(/^\}\);$/m);
  const functions = text.slice(0, end).split(/^ {4}(?=\w+: fn\()/m);
  return [
    ...functions.slice(1).map((one) => [`${name}.${one.slice(0, one.indexOf(':'))}`, one] as const),
    [name, whole.replace(text.slice(0, end), '')],
  ];
}

/** What these call stands in the configuration of the minion, and not in their arguments. */
const configured = ['status'];
const all = names.flatMap(functionsOf);

test('a function that calls what it is told is known to the permissions', () => {
  const told = all.flatMap(([name, text]) => (/\bcall\((?!['"`])/.test(text) ? [name] : []));
  expect(told.length).toBeGreaterThan(3);
  expect(told.filter((name) => ![...callerNames, ...configured].includes(name))).toEqual([]);
});

test('what the permissions know of is there', () => {
  const there = all.map(([name]) => name);
  expect(callerNames.filter((name) => !there.includes(name))).toEqual([]);
});
