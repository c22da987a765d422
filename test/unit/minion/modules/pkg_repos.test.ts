import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import pkg from '../../../../minion/modules/pkg.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const LIST = `# mirrors
deb [trusted=yes arch=amd64] http://deb.debian.org/debian bookworm main contrib # why
# deb-src http://deb.debian.org/debian bookworm main
`;
const SOURCES = `# the system's own
Types: deb deb-src
URIs: http://security.debian.org/
Suites: bookworm-security bookworm-extra
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Types: deb
URIs: http://other
Suites: x/
`;
const KEY = '\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n.\nabc';
const PLACE = 'etc/apt/sources.list.d/system.sources';
const debian = 'deb http://deb.debian.org/debian bookworm';

async function machine() {
  const root = await fixtureRoot({
    'usr/bin/apt-get': '#!',
    'var/lib/dpkg/status': 'Package: a\nStatus: install ok installed\n\nPackage: b\nStatus: hold ok installed\n',
    'etc/apt/sources.list': LIST,
    [PLACE]: SOURCES,
  });
  const stdins: unknown[] = [];
  const exec = fakeExec({
    'apt-get -q update': '',
    'dpkg --set-selections': (_argv, { stdin }) => {
      stdins.push(stdin);
      return '';
    },
  });
  const context = fakeContext({ root, exec });
  const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);
  return { run, stdins, read: (path: string) => readFileSync(join(root, path), 'utf8'), root };
}

describe('sources of apt', () => {
  test('get_repo finds a source by its line, and tells when there is none', async () => {
    const { run } = await machine();
    expect(await run('get_repo', [`${debian} contrib`])).toMatchObject({ comps: ['main', 'contrib'], disabled: false });
    expect(await run('get_repo', ['deb-src http://security.debian.org bookworm-extra main'])).toMatchObject({
      file: `/${PLACE}`,
      signedby: expect.stringContaining('BEGIN PGP'),
    });
    expect(await run('get_repo', [`${debian} non-free`])).toEqual({});
    await expect(run('get_repo', ['ppa:x/y'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  });

  test('mod_repo changes a line in its place and keeps options that it does not know', async () => {
    const { run, read } = await machine();
    const repo = `${debian} main`;
    expect(await run('mod_repo', [repo], { comps: 'main,non-free', signedby: '/k.gpg', disabled: true })).toMatchObject(
      {
        [repo]: { comps: ['main', 'non-free'], disabled: true, signedby: '/k.gpg', architectures: ['amd64'] },
      },
    );
    expect(read('etc/apt/sources.list')).toBe(
      LIST.replace(
        /^deb .*$/m,
        '# deb [arch=amd64 signed-by=/k.gpg trusted=yes] http://deb.debian.org/debian bookworm main non-free',
      ),
    );
  });

  test('mod_repo enables what was commented out', async () => {
    const { run, read } = await machine();
    await run('mod_repo', ['deb-src http://deb.debian.org/debian bookworm main']);
    expect(read('etc/apt/sources.list')).toContain('\ndeb-src http://deb.debian.org/debian bookworm main\n');
  });

  test('mod_repo adds what is not there, in the form of the file', async () => {
    const { run, read } = await machine();
    const options = { signedby: '/k.gpg', file: '/etc/apt/sources.list.d/new.sources' };
    await run('mod_repo', ['deb https://x.org/apt stable main'], options);
    expect(read('etc/apt/sources.list.d/new.sources')).toBe(
      'Types: deb\nURIs: https://x.org/apt\nSuites: stable\nComponents: main\nSigned-By: /k.gpg\n',
    );
    await run('mod_repo', ['deb [arch=amd64] https://y.org/apt stable main']);
    expect(read('etc/apt/sources.list')).toBe(`${LIST}deb [arch=amd64] https://y.org/apt stable main\n`);
    await expect(run('mod_repo', ['deb http://z s m'], { file: '/etc/passwd' })).rejects.toMatchObject({
      code: 'ARGS_INVALID',
    });
    await expect(run('mod_repo', ['deb http://z s m'], { key_id: 1 })).rejects.toThrow('key_id=1');
  });

  test('one of the many sources of a paragraph gets a paragraph of its own', async () => {
    const { run } = await machine();
    await run('mod_repo', ['deb-src http://security.debian.org bookworm-extra main'], { disabled: true });
    const sources = (await run('list_repos')) as Record<
      string,
      { line: string; disabled: boolean; signedby: string }[]
    >;
    const security = sources['http://security.debian.org/'] ?? [];
    expect(security.map(({ line, disabled }) => [line, disabled])).toEqual([
      ['deb http://security.debian.org/ bookworm-security main', false],
      ['deb http://security.debian.org/ bookworm-extra main', false],
      ['deb-src http://security.debian.org/ bookworm-security main', false],
      ['deb-src http://security.debian.org/ bookworm-extra main', true],
    ]);
    expect(new Set(security.map(({ signedby }) => signedby))).toEqual(new Set([KEY]));
    expect(sources['http://other']).toHaveLength(1);
  });

  test('del_repo takes a line, a component, a suite or a paragraph away', async () => {
    const { run, read, root } = await machine();
    expect(await run('del_repo', [`${debian} contrib`])).toBe(
      `Repo '${debian} contrib' has been removed from /etc/apt/sources.list.`,
    );
    expect(read('etc/apt/sources.list')).toContain(
      'deb [arch=amd64 trusted=yes] http://deb.debian.org/debian bookworm main\n',
    );
    await run('del_repo', [debian]);
    expect(read('etc/apt/sources.list')).toBe(LIST.replace(/^deb .*\n/m, ''));
    for (const suite of ['bookworm-security', 'bookworm-extra']) {
      await run('del_repo', [`deb http://security.debian.org ${suite}`], { refresh: false });
      await run('del_repo', [`deb-src http://security.debian.org ${suite}`], { refresh: false });
    }
    expect(read(PLACE)).toBe('Types: deb\nURIs: http://other\nSuites: x/\n');
    await run('del_repo', ['deb http://other x/']);
    expect(existsSync(join(root, PLACE))).toBe(false);
    await expect(run('del_repo', [debian])).rejects.toThrow(`there is no source '${debian}'`);
  });
});

test('parse_arch and normalize_name know the architectures of names', async () => {
  const { run } = await machine();
  expect(await run('parse_arch', ['libc6:i386'])).toEqual({ name: 'libc6', arch: 'i386' });
  expect(await run('normalize_name', ['libc6:i386'])).toBe('libc6:i386');
  expect(await run('normalize_name', ['tzdata:all'])).toBe('tzdata');
});

test('list_holds gives the held packages', async () => {
  const { run } = await machine();
  expect(await run('list_holds')).toEqual(['b']);
  expect(await run('list_holds', ['a*'])).toEqual([]);
});

test('set_selections tells dpkg what is new to it alone', async () => {
  const { run, stdins } = await machine();
  expect(await run('set_selections', [], { selection: { hold: ['a', 'b'] } })).toEqual({
    a: { old: 'install', new: 'hold' },
  });
  expect(stdins).toEqual(['a hold\n']);
  await expect(run('set_selections', [], { selection: { hold: 'nope' } })).rejects.toThrow('does not know');
  await expect(run('set_selections', [], { selection: { keep: 'a' } })).rejects.toMatchObject({ code: 'ARGS_INVALID' });
});

test('what a package manager cannot do is refused before anything happens', async () => {
  const { run } = await machine();
  await expect(run('install', ['a'], { enablerepo: 'x' })).rejects.toMatchObject({
    code: 'ARGS_INVALID',
    message: 'apt cannot do what enablerepo asks for',
  });
  await expect(run('owner', ['-x'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
});
