import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { count, flag, map, nullable, path, seconds, text, textList } from '../../../../shared/config/format.ts';
import { type LoadOptions, loadConfig } from '../../../../shared/config/load_config.ts';
import { fileUnreadable } from '../../../../shared/config/read_config_file.ts';
import { ownKey, type SettingGroups, saltKey } from '../../../../shared/config/setting.ts';

const schema = {
  kind: 'master',
  groups: {
    One: {
      root_dir: saltKey(text, '/', 'Root.'),
      default_include: saltKey(text, 'master.d/*.conf', 'Further files.'),
      auto_accept: saltKey(flag, false, 'Accept all.'),
      timeout: saltKey(seconds(1), 5, 'Wait.'),
      max_minions: saltKey(count(0), 0, 'At most.'),
    },
    Two: {
      pki_dir: saltKey(path, '/etc/salt/pki', 'Keys.'),
      log_file: saltKey(nullable(path), null, 'Log.'),
      grains: saltKey(map, { fixed: true }, 'Grains.'),
      globs: ownKey(textList, ['a'], 'Globs.'),
      api_token: ownKey(nullable(text), null, 'Secret.'),
    },
  },
  replaced: { publish_port: 'minions connect to tls_port' },
} as const satisfies { kind: 'master'; groups: SettingGroups; replaced: Record<string, string> };

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'brine-config-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true });
});

async function write(name: string, content: string): Promise<string> {
  const file = join(dir, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

const load = (options: Partial<LoadOptions> = {}) => loadConfig(schema, { configDir: dir, env: {}, ...options });

describe('where values come from', () => {
  test('defaults hold when there is no file', async () => {
    expect(await load()).toMatchObject({ timeout: 5, auto_accept: false, grains: { fixed: true }, config_dir: dir });
  });

  test('flags beat the environment, which beats drop-ins, which beat the main file', async () => {
    await write('master', 'timeout: 6\nmax_minions: 1\nglobs: [x]\nauto_accept: yes\n');
    await write('master.d/a.conf', 'timeout: 7\nmax_minions: 2\nglobs: [y]\n');
    const config = await load({ env: { SALT_TIMEOUT: '8', SALT_MAX_MINIONS: '3' }, overrides: { timeout: 9 } });
    expect(config).toMatchObject({ timeout: 9, max_minions: 3, globs: ['y'], auto_accept: true });
  });

  test('drop-ins are read in the order of their names, and only those of the pattern', async () => {
    await write('master.d/20.conf', 'timeout: 20');
    await write('master.d/10.conf', 'timeout: 10');
    await write('master.d/30.conf.bak', 'timeout: 30');
    await write('master.d/.hidden.conf', 'timeout: 40');
    expect((await load()).timeout).toBe(20);
  });

  test('the main file says where its drop-ins are', async () => {
    await write('master', 'default_include: extra/?.yaml');
    await write('extra/a.yaml', 'timeout: 11');
    await write('extra/ab.yaml', 'timeout: 12');
    expect((await load()).timeout).toBe(11);
  });

  test('mappings of several files are merged; a mapping replaces its default', async () => {
    await write('master', 'grains: {a: 1, deep: {x: 1}}');
    await write('master.d/a.conf', 'grains: {b: 2, deep: {y: 2}}');
    expect((await load()).grains).toEqual({ a: 1, b: 2, deep: { x: 1, y: 2 } });
  });

  test('an empty variable is not set, and 0 is false', async () => {
    await write('master', 'auto_accept: True');
    expect((await load({ env: { SALT_AUTO_ACCEPT: '' } })).auto_accept).toBe(true);
    expect((await load({ env: { SALT_AUTO_ACCEPT: '0' } })).auto_accept).toBe(false);
  });

  test('flags given as text are read as the environment is', async () => {
    const config = await load({ overrides: { timeout: '2m', globs: 'a,b', log_file: undefined } });
    expect(config).toMatchObject({ timeout: 120, globs: ['a', 'b'], log_file: null });
  });

  test('SALT_CONFIG_DIR names the directory when no flag does', async () => {
    await write('master', 'timeout: 33');
    expect((await loadConfig(schema, { env: { SALT_CONFIG_DIR: dir } })).timeout).toBe(33);
  });

  test.each(['', '# only a comment\n', '---\n'])('a file without content changes nothing: %j', async (content) => {
    await write('master', content);
    expect((await load()).timeout).toBe(5);
  });

  test('booleans are those of PyYAML, and a date is text', async () => {
    await write('master', 'auto_accept: on\ngrains: {y: n, day: 2026-11-22}');
    expect(await load()).toMatchObject({ auto_accept: true, grains: { y: 'n', day: '2026-11-22' } });
  });

  test('the result is frozen to its depth, and the defaults stay what they are', async () => {
    const config = await load();
    expect(() => Object.assign(config, { timeout: 1 })).toThrow(TypeError);
    expect(() => Object.assign(config.grains, { fixed: false })).toThrow(TypeError);
    expect(Object.isFrozen(schema.groups.Two.grains.default)).toBe(false);
  });
});

describe('root_dir', () => {
  test('is put before every path, but not twice', async () => {
    await write('master', 'root_dir: /srv/brine\nlog_file: /srv/brine/var/log/master\n');
    expect(await load()).toMatchObject({
      pki_dir: '/srv/brine/etc/salt/pki',
      log_file: '/srv/brine/var/log/master',
      root_dir: '/srv/brine',
    });
  });

  test('leaves a path alone that a flag names', async () => {
    await write('master', 'root_dir: /srv/brine\n');
    expect((await load({ overrides: { log_file: '/tmp/my.log' } })).log_file).toBe('/tmp/my.log');
  });

  test('leaves a path that is null alone', async () => {
    expect((await load({ overrides: { root_dir: '/srv/' } })).log_file).toBeNull();
  });

  test('a neighbour of root_dir with the same beginning is not under it', async () => {
    expect((await load({ overrides: { root_dir: '/etc/sal' } })).pki_dir).toBe('/etc/sal/etc/salt/pki');
  });
});

describe('what is wrong is said with its place', () => {
  const failure = async (promise: Promise<unknown>): Promise<{ code: string; message: string; hint?: string }> =>
    promise.then(
      () => expect.unreachable('it was accepted'),
      (error) => error,
    );

  test('a misspelt key, with the nearest one', async () => {
    const file = await write('master', '# comment\n\nauto_acept: True\n');
    expect(await failure(load())).toMatchObject({
      code: 'CONFIG_INVALID',
      message: `${file}:3: unknown key 'auto_acept'`,
      hint: "did you mean 'auto_accept'?",
    });
  });

  test("a key of Salt's that has no meaning here, with what there is instead", async () => {
    const file = await write('master.d/a.conf', 'publish_port: 4505');
    expect(await failure(load())).toMatchObject({
      message: `${file}:1: unknown key 'publish_port'`,
      hint: 'Salt has it, here minions connect to tls_port',
    });
  });

  test.each(['constructor', '__proto__', 'toString'])('%s is an unknown key like any other', async (key) => {
    const file = await write('master', `${key}: {a: 1}`);
    expect((await failure(load())).message).toBe(`${file}:1: unknown key '${key}'`);
  });

  test('a value of the wrong type, with the value and what is expected', async () => {
    const file = await write('master', 'grains:\n  a: 1\ntimeout: soon\n');
    expect((await failure(load())).message).toBe(
      `${file}:3: timeout is "soon", expected seconds from 1 to 316224000, as a number or with a unit (s, m, h, d, w)`,
    );
  });

  test('a variable and a flag are named as they are written', async () => {
    expect((await failure(load({ env: { SALT_MAX_MINIONS: 'x' } }))).message).toBe(
      'SALT_MAX_MINIONS: max_minions is "x", expected a whole number of at least 0',
    );
    expect((await failure(load({ overrides: { auto_accept: 'x' } }))).message).toBe(
      '--auto-accept: auto_accept is "x", expected True or False',
    );
  });

  test('a secret is not printed', async () => {
    const file = await write('master', 'api_token: 123456');
    expect((await failure(load())).message).toBe(`${file}:1: api_token is "**********", expected text, or null`);
  });

  test('all that is wrong at once, one line each', async () => {
    const file = await write('master', 'auto_acept: 1\nmax_minions: -1\n');
    expect((await failure(load())).message.split('\n')).toEqual([
      `${file}:1: unknown key 'auto_acept'; did you mean 'auto_accept'?`,
      `${file}:2: max_minions is -1, expected a whole number of at least 0`,
    ]);
  });

  test('bad YAML, with line and column', async () => {
    const file = await write('master', 'timeout: 5\nglobs: [a\nmax_minions: 1\n');
    expect(await failure(load())).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(`^${file}:3:1: not valid YAML: `),
    });
  });

  test('a key that stands twice, with both lines', async () => {
    const file = await write('master', 'timeout: 5\ngrains:\n  timeout: 1\ntimeout: 6\n');
    expect((await failure(load())).message).toBe(`${file}:4: key 'timeout' is given twice, first in line 1`);
  });

  test('a key that stands twice inside a mapping', async () => {
    const file = await write('master', 'grains:\n  a: 1\n  a: 2\n');
    expect((await failure(load())).message).toBe(`${file}:3:3: not valid YAML: duplicated mapping key`);
  });

  test('a file that is a list, and one of two documents', async () => {
    const file = await write('master', '- a\n- b\n- a\n');
    expect((await failure(load())).message).toBe(`${file}: is not a mapping of keys to values`);
    await write('master', 'timeout: 5\n---\ntimeout: 6\n');
    expect((await failure(load())).message).toBe(`${file}: more than one YAML document`);
  });

  test('an alias that contains itself is refused and does not hang', async () => {
    await write('master', 'globs: &a [*a]\n');
    expect((await failure(load())).code).toBe('CONFIG_INVALID');
  });

  test('a directory that was named and is not there', async () => {
    expect(await failure(load({ configDir: join(dir, 'none') }))).toMatchObject({
      code: 'FILE_UNREADABLE',
      message: `${join(dir, 'none')}: cannot be read: there is no such file or directory`,
    });
  });

  test('a file in place of a directory, and a directory in place of a file', async () => {
    const file = await write('master', '');
    expect((await failure(load({ configDir: file }))).message).toBe(`${file}: is not a directory`);
    await rm(file);
    await mkdir(file);
    expect(await failure(load())).toMatchObject({
      code: 'FILE_UNREADABLE',
      message: `${file}: cannot be read: it is a directory`,
    });
  });

  test('a file that may not be read', () => {
    const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    expect(fileUnreadable('/etc/salt/master', denied)).toMatchObject({
      code: 'FILE_UNREADABLE',
      message: '/etc/salt/master: cannot be read: permission denied',
    });
  });
});
