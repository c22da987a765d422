import { expect, test } from 'vitest';
import { reactorRules, toRules, toSetting } from '../../../../shared/reactor/reactor_rules.ts';

test('rules keep their order, and one file may stand without a list', () => {
  const setting = [
    { 'salt/minion/*/start': ['/srv/reactor/start.sls', 'salt://r.sls?saltenv=dev'] },
    { 'myapp/*': '/srv/r/*.sls' },
  ];
  expect(reactorRules.read(setting)).toBe(setting);
  const rules = toRules(setting);
  expect(rules.map(({ tag, files }) => [tag, files])).toEqual([
    ['salt/minion/*/start', ['/srv/reactor/start.sls', 'salt://r.sls?saltenv=dev']],
    ['myapp/*', ['/srv/r/*.sls']],
  ]);
  expect(rules.map(({ matches }) => matches('salt/minion/m1/start'))).toEqual([true, false]);
});

test('a mapping beside the files limits the rule', () => {
  const [rule] = toRules([{ 'a/*': ['/a.sls', { rate_limit: '10/2m', debounce: '30s' }] }]);
  expect(rule).toMatchObject({ rateLimit: { count: 10, perMs: 120_000 }, debounceMs: 30_000 });
  expect(rule && toSetting(rule)).toEqual({ 'a/*': ['/a.sls', { rate_limit: '10/120s', debounce: 30 }] });
  expect(toRules([{ 'a/*': ['/a.sls', { rate_limit: '5/s' }] }])[0]?.rateLimit).toEqual({ count: 5, perMs: 1000 });
});

test.each([
  ['no list', { 'a/*': ['/a.sls'] }],
  ['two tags in one rule', [{ a: ['/a.sls'], b: ['/b.sls'] }]],
  ['no file', [{ a: [] }]],
  ['a relative path', [{ a: ['a.sls'] }]],
  ['an unknown limit', [{ a: ['/a.sls', { debounced: 3 }] }]],
  ['a limit that is no rate', [{ a: ['/a.sls', { rate_limit: 10 }] }]],
  ['a rate of nothing', [{ a: ['/a.sls', { rate_limit: '0/1m' }] }]],
  ['a debounce of days', [{ a: ['/a.sls', { debounce: '2d' }] }]],
])('%s is no setting', (_name, setting) => {
  expect(reactorRules.read(setting)).toBeUndefined();
});
