import { describe, expect, test } from 'vitest';
import grains from '../../../../minion/modules/grains.ts';
import { type FakeContextOverrides, fakeContext } from '../../../support/fake_context.ts';
import { runFunction } from '../../../support/run_function.ts';

const core = {
  os: 'Debian',
  os_family: 'Debian',
  id: 'web1',
  host: 'web1',
  fqdn: 'web1.example.com',
  serialnumber: 'ABCD1234',
  empty: '',
  dns: { nameservers: ['192.0.2.53', '192.0.2.54'] },
};

function machine(overrides: FakeContextOverrides = {}) {
  const context = fakeContext({ grains: core, ...overrides });
  const call = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, grains, `grains.${fun}`, args, kwargs);
  return { context, call, custom: () => context.grains.readCustom() };
}

describe('reading', () => {
  test.each([
    ['get', ['os'], {}, 'Debian'],
    ['get', ['dns:nameservers:1'], {}, '192.0.2.54'],
    ['get', ['no:such'], {}, ''],
    ['get', ['no:such', 'mine'], {}, 'mine'],
    ['get', ['dns|nameservers|0'], { delimiter: '|' }, '192.0.2.53'],
    ['fetch', ['dns:nameservers:1'], {}, '192.0.2.54'],
    ['fetch', ['no', 1], {}, 1],
    ['has_value', ['os'], {}, true],
    ['has_value', ['empty'], {}, false],
    ['has_value', ['no'], {}, false],
    ['equals', ['os', 'Debian'], {}, true],
    ['equals', ['os', 'Ubuntu'], {}, false],
    ['equals', ['dns', { nameservers: ['192.0.2.53', '192.0.2.54'] }], {}, true],
    ['item', ['os', 'dns:nameservers:0', 'no'], {}, { os: 'Debian', 'dns:nameservers:0': '192.0.2.53', no: '' }],
    ['item', ['host', 'serialnumber'], { sanitize: true }, { host: 'MINION', serialnumber: 'ABCD12XX' }],
    ['ls', [], {}, ['dns', 'empty', 'fqdn', 'host', 'id', 'os', 'os_family', 'serialnumber']],
    ['filter_by', [{ Debian: 'apache2', RedHat: 'httpd' }], {}, 'apache2'],
    ['filter_by', [{ 'web*': 'front', default: 'back' }, 'id'], {}, 'front'],
    ['filter_by', [{ a: 1 }, 'no'], {}, null],
  ])('%s %j %j is %j', async (fun, args, kwargs, expected) => {
    expect(await machine().call(fun, args, kwargs)).toEqual(expected);
  });

  test('items are all grains, or all without what tells who it is', async () => {
    const { call } = machine();
    expect(await call('items')).toEqual(core);
    expect(await call('items', [true])).toMatchObject({
      id: 'MINION.DOMAINNAME',
      fqdn: 'MINION.DOMAINNAME',
      os: 'Debian',
    });
  });

  test('a grain whose name is that of an object method is only a name', async () => {
    const { call } = machine({ grains: { constructor: 'x' } });
    expect(await call('items', [true])).toEqual({ constructor: 'x' });
  });
});

describe('setval', () => {
  test('writes the value into the static file and gives it back', async () => {
    const { call, custom } = machine({ customGrains: { kept: 1 } });
    expect(await call('setval', ['roles', ['web']])).toEqual({ roles: ['web'] });
    expect(await custom()).toEqual({ kept: 1, roles: ['web'] });
  });

  test('keeps a grain that is set to nothing, and removes it when destructive', async () => {
    const { call, custom } = machine({ customGrains: { a: 1, b: 2 } });
    expect(await call('setval', ['a', null])).toEqual({ a: null });
    expect(await custom()).toEqual({ a: null, b: 2 });
    await call('setval', ['a', null], { destructive: true });
    expect(await custom()).toEqual({ b: 2 });
  });

  test('setvals sets many at once and takes only a mapping', async () => {
    const { call, custom } = machine();
    expect(await call('setvals', [{ a: 1, b: [2] }])).toEqual({ a: 1, b: [2] });
    expect(await custom()).toEqual({ a: 1, b: [2] });
    await expect(call('setvals', ['text'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  });
});

describe('set', () => {
  test('makes the mappings on the way', async () => {
    const { call, custom } = machine();
    expect(await call('set', ['apps:my:port', 2209])).toEqual({
      comment: '',
      changes: { apps: { my: { port: 2209 } } },
      result: true,
    });
    expect(await custom()).toEqual({ apps: { my: { port: 2209 } } });
  });

  test('keeps what else is in them', async () => {
    const { call, custom } = machine({ customGrains: { apps: { my: { port: 1 }, other: 2 } } });
    await call('set', ['apps:my:port', 3]);
    expect(await custom()).toEqual({ apps: { my: { port: 3 }, other: 2 } });
  });

  test('changes nothing when the value is there already', async () => {
    const { call, custom } = machine({ customGrains: { a: { b: [1] } } });
    const answer = { comment: 'Grain is already set', changes: {}, result: true };
    expect(await call('set', ['a:b', [1]])).toEqual(answer);
    expect(await custom()).toEqual({ a: { b: [1] } });
  });

  test.each([
    ['list', 'x', "The key 'list' exists but is a dict or a list. Use 'force=True' to overwrite."],
    [
      'plain',
      { x: 1 },
      "The key 'plain' exists and the given value is a dict or a list. Use 'force=True' to overwrite.",
    ],
    [
      'plain:deeper',
      1,
      "The key 'plain' value is 'text', which is different from the provided key 'deeper'. Use 'force=True' to overwrite.",
    ],
  ])('replaces %s by %j only by force', async (key, value, comment) => {
    const { call, custom } = machine({ customGrains: { list: [1], plain: 'text' } });
    expect(await call('set', [key, value])).toEqual({ comment, changes: {}, result: false });
    expect(await custom()).toEqual({ list: [1], plain: 'text' });
    expect(await call('set', [key, value], { force: true })).toMatchObject({ result: true });
  });

  test('goes into lists of mappings', async () => {
    const { call, custom } = machine({ customGrains: { users: ['amy', { bob: 1 }] } });
    await call('set', ['users:amy', 5]);
    await call('set', ['users:bob', 6]);
    await call('set', ['users:cat', 7]);
    expect(await custom()).toEqual({ users: [{ amy: 5 }, { bob: 6 }, { cat: 7 }] });
  });
});

describe('append and remove', () => {
  test('append adds to a list, and makes one', async () => {
    const { call, custom } = machine({ customGrains: { roles: ['web'] } });
    expect(await call('append', ['roles', 'db'])).toEqual({ roles: ['web', 'db'] });
    expect(await call('append', ['apps:mine', 'a'])).toEqual({ apps: { mine: ['a'] } });
    await call('append', ['roles', ['x', 'y']]);
    expect(await custom()).toEqual({ roles: ['web', 'db', 'x', 'y'], apps: { mine: ['a'] } });
  });

  test('append says why it does nothing', async () => {
    const { call, custom } = machine({ customGrains: { roles: ['web'], plain: 'text' } });
    expect(await call('append', ['roles', 'web'])).toBe('The val web was already in the list roles');
    expect(await call('append', ['plain', 'x'])).toBe('The key plain is not a valid list');
    expect(await custom()).toEqual({ roles: ['web'], plain: 'text' });
  });

  test('append converts a plain value into a list when asked', async () => {
    const { call } = machine({ customGrains: { plain: 'text' } });
    expect(await call('append', ['plain', 'x'], { convert: true })).toEqual({ plain: ['text', 'x'] });
  });

  test('remove takes one value out, at any depth', async () => {
    const { call, custom } = machine({ customGrains: { roles: ['a', 'b'], apps: { mine: ['a', 'b'], other: 1 } } });
    expect(await call('remove', ['roles', 'a'])).toEqual({ roles: ['b'] });
    await call('remove', ['apps:mine', 'b']);
    expect(await custom()).toEqual({ roles: ['b'], apps: { mine: ['a'], other: 1 } });
    expect(await call('remove', ['roles', 'zz'])).toBe('The val zz was not in the list roles');
    expect(await call('remove', ['os', 'x'])).toBe('The key os is not a valid list');
  });
});

describe('delkey and delval', () => {
  test('delval empties a grain, delkey removes it', async () => {
    const { call, custom } = machine({ customGrains: { a: 1, b: 2, c: { d: 3, e: 4 } } });
    expect(await call('delval', ['a'])).toEqual({ comment: '', changes: { a: null }, result: true });
    expect(await call('delkey', ['b'])).toEqual({ comment: '', changes: { b: null }, result: true });
    await call('delkey', ['c:d']);
    expect(await custom()).toEqual({ a: null, c: { e: 4 } });
  });

  test('a mapping or list is removed only by force', async () => {
    const { call, custom } = machine({ customGrains: { list: [1] } });
    expect(await call('delkey', ['list'])).toMatchObject({ result: false, changes: {} });
    expect(await call('delkey', ['list'], { force: true })).toMatchObject({ result: true });
    expect(await custom()).toEqual({});
  });
});

describe('get_or_set_hash', () => {
  test('makes a value once, at any depth', async () => {
    const { call, custom } = machine({ customGrains: { app: { port: 1 } } });
    const value = await call('get_or_set_hash', ['app:key', 50]);
    expect(value).toMatch(/^[a-z0-9!@#$%^&*(\-_=+)]{50}$/);
    expect(await call('get_or_set_hash', ['app:key', 4])).toBe(value);
    expect(await custom()).toEqual({ app: { port: 1, key: value } });
    expect(await call('get_or_set_hash', ['os'])).toBe('Debian');
  });

  test('takes the characters it is given, and says what is in the way', async () => {
    const { call } = machine();
    expect(await call('get_or_set_hash', ['token', 3], { chars: 'x' })).toBe('xxx');
    await expect(call('get_or_set_hash', ['os:key'])).rejects.toThrow("The key 'os' value is 'Debian'");
    await expect(call('get_or_set_hash', ['t', 3, ''])).rejects.toThrow('chars: must not be empty');
  });
});
