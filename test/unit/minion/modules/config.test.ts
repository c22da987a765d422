import { describe, expect, test } from 'vitest';
import config from '../../../../minion/modules/config.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { runFunction } from '../../../support/run_function.ts';

const context = fakeContext({
  config: { id: 'm1', pkg: { apache: 'httpd' }, 'host.a': 1, schedule: { c: 3 }, api_key: 's3cret', empty: null },
  grains: { os: 'Debian', shared: 'grain', lvm: { vg: { size: 1, name: 'g' } } },
  pillar: {
    shared: 'pillar',
    only: { here: [{ x: 1 }] },
    schedule: { a: 1, c: 9 },
    list: [2],
    master: { interface: '0.0.0.0', 'host.b': 2, schedule: { b: 2, c: 8 }, list: [1], lvm: { vg: { size: 2 }, z: 0 } },
  },
});

function run(fun: string, args: unknown[], kwargs: Record<string, unknown> = {}) {
  return runFunction(context, config, fun, args, kwargs);
}

describe('config.get', () => {
  test.each([
    ['id', {}, 'm1'],
    ['pkg:apache', {}, 'httpd'],
    ['pkg|apache', { delimiter: '|' }, 'httpd'],
    ['os', {}, 'Debian'],
    ['shared', {}, 'grain'],
    ['shared', { omit_grains: true }, 'pillar'],
    ['only:here:0:x', {}, 1],
    ['interface', {}, '0.0.0.0'],
    ['interface', { omit_master: true }, ''],
    ['test.foo', {}, 'unconfigured'],
    ['empty', {}, null],
    ['nope', {}, ''],
    ['nope', { default: [1] }, [1]],
    ['id', { omit_opts: true }, ''],
    ['lvm', { merge: 'recurse' }, { vg: { size: 1, name: 'g' }, z: 0 }],
    ['lvm', { merge: 'overwrite' }, { vg: { size: 1, name: 'g' } }],
  ])('%s %j is %j', async (key, kwargs, expected) => {
    expect(await run('config.get', [key], kwargs)).toEqual(expected);
  });
});

describe('config.option', () => {
  test.each([
    ['id', {}, 'm1'],
    ['shared', {}, 'grain'],
    ['pkg:apache', {}, ''],
    ['interface', {}, '0.0.0.0'],
    ['id', { omit_all: true, default: 'x' }, 'x'],
    ['hosts.file', { omit_all: true }, '/etc/hosts'],
    ['host*', { wildcard: true }, { 'host.a': 1, 'host.b': 2, 'hosts.file': '/etc/hosts' }],
    ['zzz*', { wildcard: true }, {}],
  ])('%s %j is %j', async (name, kwargs, expected) => {
    expect(await run('config.option', [name], kwargs)).toEqual(expected);
  });

  test('names of the language are no options', async () => {
    expect(await run('config.option', ['constructor'])).toBe('');
  });
});

describe('config.merge', () => {
  test('joins mappings, the configuration winning over master and pillar', async () => {
    expect(await run('config.merge', ['schedule'])).toEqual({ a: 1, b: 2, c: 3 });
  });
  test('joins lists and gives texts as they are', async () => {
    expect(await run('config.merge', ['list'])).toEqual([1, 2]);
    expect(await run('config.merge', ['shared'])).toBe('pillar');
    expect(await run('config.merge', ['nope'], { default: 'd' })).toBe('d');
  });
});

test('items hides secrets', async () => {
  expect(await run('config.items', [])).toMatchObject({ id: 'm1', api_key: '**********' });
});

test('dot_vals lists what begins with the word and a dot', async () => {
  expect(await run('config.dot_vals', ['host'])).toEqual({ 'host.a': 1, 'host.b': 2 });
});

test.each([
  ['644', '0644'],
  [644, '0644'],
  ['"00644"', '0644'],
  ['0o755', '0755'],
  ['1777', '1777'],
  [0, '0000'],
])('manage_mode %j is %s', async (mode, expected) => {
  expect(await run('config.manage_mode', [mode])).toBe(expected);
});

test('manage_mode of None is None', async () => {
  expect(await run('config.manage_mode', [])).toBeNull();
});

test.each([
  ['salt://a', true],
  ['https://a/b', true],
  ['ftp://a', true],
  ['/etc/hosts', false],
  ['file:///a', false],
])('valid_fileproto %s is %j', async (uri, expected) => {
  expect(await run('config.valid_fileproto', [uri])).toBe(expected);
});

test('backup_mode is what is passed, or what is configured', async () => {
  expect(await run('config.backup_mode', ['minion'])).toBe('minion');
  expect(await run('config.backup_mode', [])).toBe('');
  const configured = fakeContext({ config: { backup_mode: 'both' } });
  expect(await runFunction(configured, config, 'config.backup_mode')).toBe('both');
});

test('there is no salt-cloud, and no bootstrap script of it', async () => {
  expect(await runFunction(fakeContext(), config, 'config.gather_bootstrap_script')).toEqual([
    false,
    'config.gather_bootstrap_script is unavailable',
  ]);
});
