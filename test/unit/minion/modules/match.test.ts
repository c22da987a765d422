import { expect, test } from 'vitest';
import match from '../../../../minion/modules/match.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { runFunction } from '../../../support/run_function.ts';

const context = fakeContext({
  id: 'web1',
  grains: { os: 'Debian', roles: ['web'], 'a:b': 'c', ipv4: ['127.0.0.1', '10.0.1.11'] },
});
const call = (fun: string, args: readonly unknown[], kwargs = {}) =>
  runFunction(context, match, `match.${fun}`, args, kwargs);

test.each<[string, unknown[], boolean]>([
  ['compound', ['L@web1,db1 and G@os:Debian'], true],
  ['compound', ['not web*'], false],
  ['glob', ['web*'], true],
  ['glob', ['web*', 'db1'], false],
  ['pcre', ['web\\d'], true],
  ['list', ['db1,web1'], true],
  ['list', ['db1,db2'], false],
  ['grain', ['os:deb*'], true],
  ['grain', ['a:b|c', '|'], true],
  ['grain', ['roles:db'], false],
  ['grain_pcre', ['os:(Debian|Ubuntu)'], true],
  ['ipcidr', ['10.0.0.0/8'], true],
  ['ipcidr', ['192.168.0.0/16'], false],
])('match.%s %j is %s', async (fun, args, expected) => {
  expect(await call(fun, args)).toBe(expected);
});

test('a target that cannot be read is an error, not a no', async () => {
  await expect(call('compound', ['web1 and'])).rejects.toMatchObject({ code: 'TARGET_INVALID' });
});

test('filter_by takes the first target that matches, else the default, and lays over it', async () => {
  const lookup = { 'db*': { port: 1 }, 'G@os:Debian': { port: 2 }, 'web*': { port: 3 }, default: { port: 4 } };
  expect(await call('filter_by', [lookup])).toEqual({ port: 2 });
  expect(await call('filter_by', [{ 'db*': 1, default: 4 }])).toBe(4);
  expect(await call('filter_by', [{ 'db*': 1 }])).toBeNull();
  expect(await call('filter_by', [lookup], { minion_id: 'db1', tgt_type: 'glob' })).toEqual({ port: 1 });
  expect(await call('filter_by', [lookup], { merge: { user: 'x' } })).toEqual({ port: 2, user: 'x' });
  await expect(call('filter_by', [{ 'web*': 1 }], { merge: { a: 1 } })).rejects.toThrow('can only merge into');
});

test('search_by names what matches, ifelse the value behind it', async () => {
  expect(await call('search_by', [{ web: ['db1', 'web1'], db: ['db1'], all: '*' }])).toEqual(['web', 'all']);
  expect(await call('search_by', [{ db: ['db1'] }])).toBeNull();
  expect(await call('ifelse', ['db*', 'a', 'web*', 'b', 'c'])).toBe('b');
  expect(await call('ifelse', ['db*', 'a', 'c'])).toBe('c');
  expect(await call('ifelse', ['db*', 'a'])).toBeNull();
  expect(await call('ifelse', ['db*', 'a', 'c'], { minion_id: 'db7' })).toBe('a');
});

test('ifelse takes the arguments of filter_by by their names, and no others', async () => {
  const pairs = ['os:Debian', { ports: [1], a: 1 }, { ports: [9] }];
  const byGrain = { tgt_type: 'grain', minion_id: null };
  expect(await call('ifelse', pairs, byGrain)).toEqual({ ports: [1], a: 1 });
  const merge = { ports: [2], b: 2 };
  expect(await call('ifelse', pairs, { ...byGrain, merge })).toEqual({ ports: [2], a: 1, b: 2 });
  expect(await call('ifelse', pairs, { ...byGrain, merge, merge_lists: true })).toMatchObject({ ports: [1, 2] });
  expect(await call('ifelse', ['db*', 1], { merge })).toEqual(merge);
  await expect(call('ifelse', ['web*', 1], { merge })).rejects.toThrow('ifelse can only merge into a dictionary');
  await expect(call('ifelse', pairs, { tgt_type: 'x' })).rejects.toThrow('tgt_type: must be one of glob');
  await expect(call('ifelse', pairs, { colour: 1 })).rejects.toThrow('arguments are not valid: colour=1');
});

test.each(['pillar', 'pillar_pcre'])('match.%s says that there is no pillar', async (fun) => {
  await expect(call(fun, ['role:web'])).rejects.toThrow('role:web: there is no pillar to look at yet');
});

test.each([
  ['spam:egg*', 'eggs', true],
  ['spam:Egg*', 'eggs', false],
  ['spam:5', 5, true],
  ['spam:EGG?', ['ham', 'eggs'], true],
  ['spam:eggs', ['ham'], false],
  ['spam:eggs', { eggs: 1 }, true],
  ['spam:egg*', { eggs: 1 }, false],
  ['spam:*', null, false],
  ['spam', 'spam', false],
])('match.data %s of %j is %s', async (tgt, kept, expected) => {
  const there = fakeContext({ functions: { 'data.get': ([key]) => (key === 'spam' ? kept : null) } });
  expect(await runFunction(there, match, 'match.data', [tgt])).toBe(expected);
});
