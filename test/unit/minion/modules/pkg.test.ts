import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import pkg from '../../../../minion/modules/pkg.ts';
import { type FakeCommand, type FakeContext, fakeClock, fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

function paragraph(name: string, version: string, status = 'install ok installed', more = ''): string {
  return `Package: ${name}\nStatus: ${status}\nArchitecture: amd64\n${more}Version: ${version}\n`;
}

const bash = `Section: shells
Maintainer: Matthias Klose <doko@debian.org>
Source: bash-source (5.2)
Homepage: http://bash.example/
Description: GNU Bourne Again SHell
 Bash is a shell.
 .
 The end.
`;

const files = {
  'usr/bin/apt-get': '#!',
  'var/lib/dpkg/status': [
    paragraph('tmux', '3.3a-3', 'hold ok installed'),
    paragraph('bash', '5.2.15-2+b8', undefined, bash),
    paragraph('dpkg', '1.21.22'),
    paragraph('nginx', '1.22.1-9', 'deinstall ok config-files'),
    paragraph('htop', '3.2.2-2', 'purge ok installed'),
  ].join('\n'),
  'var/lib/dpkg/info/bash.list': '/.\n/bin\n/bin/bash\n/etc\n',
  'var/lib/dpkg/info/dpkg:amd64.list': '/.\n/usr\n',
  'var/lib/dpkg/info/tmux.list': '/usr/bin/tmux\n',
  'var/lib/dpkg/info/htop.list': '/usr/bin/htop\n',
  'var/lib/apt/lists/': '',
};

const POLICY = `bash:
  Installed: 5.2.15-2+b8
  Candidate: 5.2.15-2+b13
  Version table:
     5.2.15-2+b13 500
tmux:
  Installed: 3.3a-3
  Candidate: 3.3a-3
mail-agent:
  Installed: (none)
  Candidate: (none)
vim:
  Installed: (none)
  Candidate: 2:9.0.1378-2
`;

async function machine(commands: Record<string, FakeCommand> = {}): Promise<FakeContext> {
  return fakeContext({ root: await fixtureRoot(files), exec: fakeExec(commands) });
}

function run(context: FakeContext, fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) {
  return runFunction(context, pkg, `pkg.${fun}`, args, kwargs);
}

test('without apt the module says why', async () => {
  expect(pkg.unavailable?.(fakeContext({ root: await fixtureRoot({}) }))).toContain('no package manager');
  expect(pkg.unavailable?.(await machine())).toBeUndefined();
});

describe('installed packages', () => {
  const installed = { bash: '5.2.15-2+b8', dpkg: '1.21.22', htop: '3.2.2-2', tmux: '3.3a-3' };

  test.each([
    ['list_pkgs', [], {}, installed],
    ['list_pkgs', [], { removed: true }, { nginx: '1.22.1-9' }],
    ['list_pkgs', [], { purge_desired: true }, { htop: '3.2.2-2' }],
    ['list_pkgs', [], { removed: true, versions_as_list: true }, { nginx: ['1.22.1-9'] }],
    ['list_pkgs', [], { removed: true, attr: 'all' }, { nginx: [{ version: '1.22.1-9', arch: 'amd64' }] }],
    ['list_pkgs', [], { removed: true, attr: ['arch'] }, { nginx: [{ arch: 'amd64' }] }],
    ['version', ['bash'], {}, '5.2.15-2+b8'],
    ['version', ['nginx'], {}, ''],
    ['version', ['bash', 'nope'], {}, { bash: '5.2.15-2+b8', nope: '' }],
    ['version', ['b*'], {}, { bash: '5.2.15-2+b8' }],
    ['version', ['zzz*'], {}, {}],
    ['version', ['bash'], { versions_as_list: true }, ['5.2.15-2+b8']],
    ['version', [], {}, ''],
    ['get_selections', [], {}, { install: ['bash', 'dpkg'], purge: ['htop'], deinstall: ['nginx'], hold: ['tmux'] }],
    ['get_selections', ['t*', 'hold'], {}, { hold: ['tmux'] }],
    ['get_selections', ['b*', 'hold'], {}, { hold: [] }],
    [
      'file_list',
      ['bash', 'nope'],
      {},
      { errors: ['package nope is not installed'], files: ['/bin', '/bin/bash', '/etc'] },
    ],
    ['file_dict', ['dpkg'], {}, { errors: [], packages: { dpkg: ['/usr'] } }],
    ['version_cmp', ['1.0~rc1', '1.0'], {}, -1],
    ['version_cmp', [2, 1.5], {}, 1],
    ['version_cmp', ['1:1.0', '1.0'], { ignore_epoch: true }, 0],
  ])('%s %j %j', async (fun, args, kwargs, expected) => {
    expect(await run(await machine(), fun, args, kwargs)).toEqual(expected);
  });

  test('info_installed has the members that Salt has', async () => {
    const context = await machine();
    const list = join(context.root, 'var/lib/dpkg/info/bash.list');
    await utimes(list, 1_700_000_000, 1_700_000_000);
    expect(await run(context, 'info_installed', ['bash'])).toEqual({
      bash: {
        name: 'bash',
        version: '5.2.15-2+b8',
        architecture: 'amd64',
        source: 'bash-source',
        packager: 'Matthias Klose <doko@debian.org>',
        group: 'shells',
        url: 'http://bash.example/',
        summary: 'GNU Bourne Again SHell',
        description: 'GNU Bourne Again SHell\nBash is a shell.\n\nThe end.',
        install_date: '2023-11-14T22:13:20Z',
        install_date_time_t: 1_700_000_000,
      },
    });
  });

  test('info_installed fails for what is not there, unless told not to', async () => {
    const context = await machine();
    await expect(run(context, 'info_installed', ['bash', 'nope'])).rejects.toThrow('not installed: nope');
    const lenient = { failhard: false, attr: 'version' };
    expect(await run(context, 'info_installed', ['bash', 'nope'], lenient)).toEqual({
      bash: { version: '5.2.15-2+b8' },
    });
  });

  test('owner knows diversions from owners', async () => {
    const context = await machine({
      'dpkg-query --search -- /bin/sh': 'diversion by dash from: /bin/sh\nlibc6:amd64, dash: /bin/sh\n',
      'dpkg-query --search -- /nope': { retcode: 1, stderr: 'dpkg-query: no path found matching pattern /nope\n' },
    });
    expect(await run(context, 'owner', ['/bin/sh'])).toBe('libc6');
    expect(await run(context, 'owner', ['/bin/sh', '/nope'])).toEqual({ '/bin/sh': 'libc6', '/nope': '' });
  });

  test('a misspelt keyword argument is refused', async () => {
    await expect(run(await machine(), 'version', ['bash'], { version_as_list: true })).rejects.toMatchObject({
      code: 'ARGS_INVALID',
      message: 'The following keyword arguments are not valid: version_as_list=True',
    });
  });
});

describe('what the repositories have', () => {
  const commands = {
    'apt-cache -q policy -- bash': POLICY,
    'apt-cache -q policy -- bash tmux vim mail-agent nope': POLICY,
    'apt-cache -q -o APT::Default-Release=unstable policy -- vim': POLICY,
    'apt-cache -q policy -- tmux': POLICY,
    'apt-cache -q show -- bash':
      'Package: bash\nVersion: 5.2.9\n\nPackage: bash\nVersion: 5.2.15\n\nPackage: bash\nVersion: 5.2.9\n',
  };

  test.each([
    ['latest_version', ['bash'], {}, '5.2.15-2+b13'],
    ['available_version', ['bash'], {}, '5.2.15-2+b13'],
    ['latest_version', ['tmux'], {}, ''],
    ['latest_version', ['tmux'], { show_installed: true }, '3.3a-3'],
    ['latest_version', ['vim'], { fromrepo: 'unstable' }, '2:9.0.1378-2'],
    [
      'latest_version',
      ['bash', 'tmux', 'vim', 'mail-agent', 'nope'],
      {},
      { bash: '5.2.15-2+b13', tmux: '', vim: '2:9.0.1378-2', 'mail-agent': '', nope: '' },
    ],
    ['upgrade_available', ['bash'], {}, true],
    ['upgrade_available', ['tmux'], {}, false],
  ])('%s %j %j', async (fun, args, kwargs, expected) => {
    expect(await run(await machine(commands), fun, args, { refresh: false, ...kwargs })).toEqual(expected);
  });

  test('list_repo_pkgs gives the newest first, each once', async () => {
    expect(await run(await machine(commands), 'list_repo_pkgs', ['bash'])).toEqual({ bash: ['5.2.15', '5.2.9'] });
  });

  test('list_upgrades reads what apt would do', async () => {
    const plan =
      'Inst bash [5.2.15-2+b8] (5.2.15-2+b13 Debian:12.15/oldstable [amd64])\n' +
      'Conf bash (5.2.15-2+b13 Debian:12.15/oldstable [amd64])\n';
    const context = await machine({ 'apt-get --just-print dist-upgrade': plan, 'apt-get --just-print upgrade': '' });
    expect(await run(context, 'list_upgrades', [], { refresh: false })).toEqual({ bash: '5.2.15-2+b13' });
    expect(await run(context, 'list_upgrades', [], { refresh: false, dist_upgrade: false })).toEqual({});
  });

  test('a refresh comes first when nothing is said', async () => {
    const order: string[] = [];
    const note = (answer: string) => (argv: readonly string[]) => {
      order.push(argv.at(-1) ?? '');
      return answer;
    };
    const context = await machine({
      'apt-get -q update': note(''),
      'apt-cache -q policy -- bash': note(POLICY),
    });
    expect(await run(context, 'latest_version', ['bash'])).toBe('5.2.15-2+b13');
    expect(order).toEqual(['update', 'bash']);
  });
});

describe('refresh_db', () => {
  const update =
    'Hit:1 http://deb.debian.org/debian bookworm InRelease\n' +
    'Get:2 http://deb.debian.org/debian bookworm-updates InRelease [55.4 kB]\n' +
    'Ign:3 http://x.org/apt stable InRelease\nErr:4 http://y.org/apt stable Release\n  404  Not Found\nReading package lists...\n';
  const expected = {
    'http://deb.debian.org/debian bookworm InRelease': null,
    'http://deb.debian.org/debian bookworm-updates InRelease': true,
    'http://x.org/apt stable InRelease': false,
    'http://y.org/apt stable Release': false,
  };

  test('tells fetched from current from failed', async () => {
    expect(await run(await machine({ 'apt-get -q update': update }), 'refresh_db')).toEqual(expected);
  });

  test('failhard makes one failed source a failure', async () => {
    const context = await machine({ 'apt-get -q update': update });
    await expect(run(context, 'refresh_db', [], { failhard: true })).rejects.toThrow('y.org');
  });

  test('lists that are young enough are left alone', async () => {
    const root = await fixtureRoot(files);
    await utimes(join(root, 'var/lib/apt/lists'), 1000, 1000);
    const young = fakeContext({ root, clock: fakeClock(1_300_000) });
    expect(await run(young, 'refresh_db', [], { cache_valid_time: 300 })).toEqual({});
    const old = fakeContext({ root, clock: fakeClock(1_301_000), exec: fakeExec({ 'apt-get -q update': update }) });
    expect(await run(old, 'refresh_db', [], { cache_valid_time: 300 })).toEqual(expected);
  });

  test('the words of apt are what the operator reads', async () => {
    const stderr = 'W: odd\nE: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt)\n';
    const context = await machine({ 'apt-get -q update': { retcode: 100, stderr } });
    await expect(run(context, 'refresh_db')).rejects.toThrow(
      'cannot update the package lists: E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt)',
    );
  });
});
