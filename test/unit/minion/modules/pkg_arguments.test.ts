import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import pkg from '../../../../minion/modules/pkg.ts';
import { changingExec } from '../../../support/changing_exec.ts';
import { type FakeCommand, fakeContext } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const KEY_FILE = fileURLToPath(new URL('../../../fixtures/pkg/demo-key.asc', import.meta.url));
const STATUS = 'Package: a\nStatus: install ok installed\n\nPackage: b\nStatus: hold ok installed\n';
const DEBIAN = { 'usr/bin/apt-get': '#!', 'var/lib/dpkg/status': STATUS, 'etc/apt/keyrings/': '' };
const REPO = 'deb [signed-by=/etc/apt/keyrings/own.gpg] http://x.org/apt stable main';

async function machine(files: Record<string, string> = DEBIAN, answers: Record<string, FakeCommand> = {}) {
  const root = await fixtureRoot(files);
  const { exec, lines } = changingExec(answers);
  const stdins: unknown[] = [];
  const context = fakeContext({
    root,
    exec: (argv, options) => {
      if (options?.stdin !== undefined) stdins.push(options.stdin);
      return exec(argv, options);
    },
    functions: { 'cp.cache_file': ([source]) => (source === 'salt://own.asc' ? KEY_FILE : '') },
  });
  const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);
  return { run, lines, stdins, root, read: (path: string) => readFileSync(join(root, path), 'utf8') };
}

describe('mod_repo', () => {
  test('fetches the lists of apt afterwards unless it is told not to', async () => {
    const { run, lines, read } = await machine();
    await run('mod_repo', [REPO], { refresh: false });
    expect(lines).toEqual([]);
    await run('mod_repo', [REPO], { enabled: false });
    expect(lines).toEqual(['apt-get -q update']);
    expect(read('etc/apt/sources.list')).toBe(`# ${REPO}\n`);
  });

  test('sets autorefresh for zypper, and fetches for the others only when it is told to', async () => {
    const zypper = await machine({ 'usr/bin/zypper': '#!' });
    await expect(zypper.run('mod_repo', ['own'], { refresh: true })).rejects.toThrow('has no address');
    const files = { 'usr/bin/zypper': '#!', 'etc/zypp/repos.d/own.repo': '[own]\nbaseurl=http://x\nautorefresh=0\n' };
    const known = await machine(files);
    await known.run('mod_repo', ['own'], { refresh: true });
    expect(known.read('etc/zypp/repos.d/own.repo')).toBe('[own]\nbaseurl=http://x\nautorefresh=1\n');
    expect(known.lines).toEqual([]);
    const dnf = await machine({ 'usr/bin/dnf': '#!', 'etc/yum.repos.d/own.repo': '[own]\nbaseurl=http://x\n' });
    await dnf.run('mod_repo', ['own'], { enabled: false });
    expect(dnf.lines).toEqual([]);
  });

  test.each([
    ['key_url', { key_url: 'salt://own.asc' }],
    ['key_text', { key_text: readFileSync(KEY_FILE, 'utf8') }],
  ])('puts the key of %s into the file that signs it', async (_name, key) => {
    const { run, root } = await machine();
    await run('mod_repo', [REPO], { ...key, aptkey: false, refresh: false });
    expect(readFileSync(join(root, 'etc/apt/keyrings/own.gpg'))[0]).toBe(0x98);
  });

  test('gives keys to apt-key where that is', async () => {
    const { run, lines } = await machine({ ...DEBIAN, 'usr/bin/apt-key': '#!' });
    const keys = { keyid: ['0x0123ABCD', '89ABCDEF'], keyserver: 'hkp://keys' };
    await run('mod_repo', ['deb http://x.org/apt stable main'], { ...keys, refresh: false });
    expect(lines.filter((line) => line.includes('--recv'))).toEqual([
      'apt-key adv --batch --keyserver hkp://keys --recv 0123ABCD',
      'apt-key adv --batch --keyserver hkp://keys --recv 89ABCDEF',
    ]);
  });

  test.each([
    [{ keyid: '0123ABCD' }, 'both keyserver and keyid options required'],
    [{ keyserver: 'hkp://keys' }, 'both keyserver and keyid options required'],
    [{ key_text: 'x' }, "missing 'signedby' option when apt-key is missing"],
    [{ keyid: '--x', keyserver: 'hkp://keys' }, 'must be hexadecimal'],
    [{ key_url: 'salt://nope', signedby: '/etc/apt/keyrings/x.gpg' }, 'salt://nope was not found on the master'],
    [{ key_url: KEY_FILE, signedby: '/srv/x.gpg' }, `could not add key: ${KEY_FILE}`],
  ])('refuses %j and leaves the sources as they are', async (kwargs, words) => {
    const { run, lines, read } = await machine({ ...DEBIAN, 'etc/apt/sources.list': '# mine\n' });
    await expect(run('mod_repo', ['deb http://x.org/apt stable main'], kwargs)).rejects.toThrow(words);
    expect(read('etc/apt/sources.list')).toBe('# mine\n');
    expect(lines).toEqual([]);
  });
});

describe('set_selections', () => {
  test('takes a file of lines, by its place as the first argument', async () => {
    const { run, stdins, root } = await machine({ ...DEBIAN, selections: 'a\t\t\t\t\thold\nb\t\t\t\t\thold\n\n' });
    expect(await run('set_selections', [join(root, 'selections')])).toEqual({ a: { old: 'install', new: 'hold' } });
    expect(stdins).toEqual(['a hold\n']);
    expect(await run('set_selections')).toEqual({});
  });

  test('clears first when it is told to, but not for what is wrong', async () => {
    const { run, lines } = await machine();
    await expect(run('set_selections', [], { selection: { hold: 'nope' }, clear: true })).rejects.toThrow('nope');
    expect(await run('set_selections', [], { clear: true })).toEqual({});
    expect(lines).toEqual([]);
    await run('set_selections', [], { selection: { purge: ['a'] }, clear: true });
    expect(lines).toEqual(['dpkg --clear-selections', 'dpkg --set-selections']);
  });

  test('names the line that is none', async () => {
    const { run, root } = await machine({ ...DEBIAN, selections: 'a hold\nb held\n' });
    const path = join(root, 'selections');
    await expect(run('set_selections', [path])).rejects.toThrow(`${path}, line 2: 'b held' is not a package`);
    await expect(run('set_selections', [path], { selection: { hold: 'a' } })).rejects.toThrow('cannot be specified');
  });
});

describe('list_repo_pkgs without a name', () => {
  /** Of apt 2.6.1, shortened. */
  const DUMP = `Using Versioning System: Standard .deb
Package: librust-glib-sys-0.14+default-dev
Package: demo
 Version: 1.0-9
     File: /var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4
  Depends: build-essential (null)
 Version: 1.0-10
     File: /var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4
 Description Language: 
                  MD5: 4ebddb68adf8e3d2b7023dd3d5bac0b7
`;

  test('tells of all that apt knows', async () => {
    const { run } = await machine(DEBIAN, { 'apt-cache -q dump': DUMP });
    expect(await run('list_repo_pkgs')).toEqual({ demo: ['1.0-10', '1.0-9'] });
  });

  test.each([
    ['apk', 'sbin/apk'],
    ['opkg', 'bin/opkg'],
  ])('is refused by %s', async (program, path) => {
    const { run } = await machine({ [path]: '#!' });
    await expect(run('list_repo_pkgs')).rejects.toThrow(`${program} does not tell of all packages at once`);
  });
});
