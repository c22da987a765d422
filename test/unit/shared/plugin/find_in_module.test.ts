import { expect, test } from 'vitest';
import { findInModule, splitFunctionName, whyMissing } from '../../../../shared/plugin/find_in_module.ts';
import { createFn, type ModuleSpec } from '../../../../shared/plugin/function.ts';

const up = createFn<object>()({ summary: 'Up.', args: {}, examples: [], run: () => true });
const manage: ModuleSpec<object> = { summary: 'Manages.', functions: { up } };

test.each([
  ['manage.up', ['manage', 'up']],
  ['manage.up.all', ['manage', 'up.all']],
  ['manage', ['', 'manage']],
])('%s is a module and a function', (fun, parts) => {
  expect(splitFunctionName(fun)).toEqual(parts);
});

test('a function is found by its whole name alone', () => {
  expect(findInModule('manage.up', manage)).toBe(up);
  expect(findInModule('manage.up', undefined)).toBeUndefined();
  // What follows would be run without being looked at by whoever permits calls.
  expect(findInModule('manage.up.all', manage)).toBeUndefined();
  expect(findInModule('manage.constructor', manage)).toBeUndefined();
});

test.each([
  ['manage.pu', manage, { near: 'manage.up' }],
  ['manage.elsewhere', manage, {}],
  ['mange.up', undefined, { near: 'manage.up' }],
  ['state.apply', undefined, { notYet: 'there are no states (SLS) yet' }],
  ['up', undefined, {}],
])('of %s it is told what may be meant', (fun, module, why) => {
  expect(whyMissing(fun, module, ['manage', 'jobs'])).toEqual(why);
});
