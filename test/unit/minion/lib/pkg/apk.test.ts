import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import pkg from '../../../../../minion/modules/pkg.ts';
import { changingExec } from '../../../../support/changing_exec.ts';
import { type FakeCommand, fakeContext, runFunction } from '../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../support/fixture_root.ts';

const DATABASE = `C:Q1Y1YGxHhRzJhDrBcjIqlGbGVvOBw=
P:busybox
V:1.36.1-r2
A:x86_64
S:509600
I:962560
T:Size optimized toolbox of many common UNIX utilities
U:https://busybox.net/
L:GPL-2.0-only
o:busybox
m:Natanael Copa <ncopa@alpinelinux.org>
t:1688633325
c:1d2bd4d5f4f8ea4c1c0f7d4d0f5d5a0b0c0d0e0f
D:so:libc.musl-x86_64.so.1
p:/bin/sh cmd:busybox=1.36.1-r2
r:busybox-initscripts
F:bin
R:busybox
a:0:0:755
Z:Q1E+qsoYwqTcLkT2tPFYJGHNu+2fQ=
F:etc
R:securetty
Z:Q1mB95Hq2NUTZ599RDiSsj9w5FrOU=

C:Q1abc
P:alpine-baselayout
V:3.4.3-r1
A:x86_64
T:Alpine base dir structure and init scripts
F:
F:etc
M:0:0:1777
R:fstab

`;
const POLICY = `busybox policy:
  1.36.1-r2:
    lib/apk/db/installed
  1.36.1-r5:
    https://dl-cdn.alpinelinux.org/alpine/v3.18/main
  1.35.0-r30:
    https://dl-cdn.alpinelinux.org/alpine/v3.17/main
  1.37.0-r1:
    @edge https://dl-cdn.alpinelinux.org/alpine/edge/main
alpine-baselayout policy:
  3.4.3-r1:
    lib/apk/db/installed
    https://dl-cdn.alpinelinux.org/alpine/v3.18/main
`;
const REPOSITORIES = `#/media/cdrom/apks
https://dl-cdn.alpinelinux.org/alpine/v3.18/main
@edge https://dl-cdn.alpinelinux.org/alpine/edge/main
# a remark
#https://dl-cdn.alpinelinux.org/alpine/v3.18/community
`;

async function machine(answers: Record<string, FakeCommand> = {}) {
  const root = await fixtureRoot({
    'sbin/apk': '#!',
    'lib/apk/db/installed': DATABASE,
    'etc/apk/world': 'alpine-baselayout\nbusybox=1.36.1-r2\nmusl>1\nvim@edge\n',
    'etc/apk/repositories': REPOSITORIES,
  });
  const { exec, lines } = changingExec(answers);
  const context = fakeContext({ root, exec, grains: { os_family: 'Alpine', osarch: 'x86_64' } });
  const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);
  return { run, lines, repositories: () => readFileSync(join(root, 'etc/apk/repositories'), 'utf8') };
}

describe('questions', () => {
  test.each([
    ['list_pkgs', [], {}, { 'alpine-baselayout': '3.4.3-r1', busybox: '1.36.1-r2' }],
    ['file_list', ['busybox'], {}, { errors: [], files: ['/bin/busybox', '/etc/securetty'] }],
    ['latest_version', ['busybox', 'alpine-baselayout'], {}, { busybox: '1.36.1-r5', 'alpine-baselayout': '' }],
    [
      'list_repo_pkgs',
      ['busybox', 'alpine-baselayout'],
      {},
      { busybox: ['1.36.1-r5', '1.35.0-r30'], 'alpine-baselayout': ['3.4.3-r1'] },
    ],
    ['list_upgrades', [], {}, { busybox: '1.36.1-r5', ssl_client: '1.36.1-r5' }],
    ['owner', ['/bin/sh'], {}, 'busybox'],
    ['owner', ['/nope'], {}, ''],
    ['version_cmp', ['1.36.1_rc1', '1.36.1'], {}, -1],
  ])('%s %j', async (fun, args, kwargs, expected) => {
    const { run } = await machine({
      'apk policy busybox alpine-baselayout': POLICY,
      'apk upgrade --simulate':
        '(1/2) Upgrading busybox (1.36.1-r2 -> 1.36.1-r5)\n(2/2) Upgrading ssl_client (1.36.1-r2 -> 1.36.1-r5)\nOK: 8 MiB in 15 packages\n',
      'apk info --who-owns /bin/sh': '/bin/sh symlink target is owned by busybox-1.36.1-r2\n',
      'apk info --who-owns /nope': { retcode: 1, stderr: 'ERROR: /nope: Could not find owner package\n' },
    });
    const refresh = /latest|upgrades/.test(fun) ? { refresh: false } : {};
    expect(await run(fun, args, { ...kwargs, ...refresh })).toEqual(expected);
  });

  test('info_installed reads the database', async () => {
    expect(await (await machine()).run('info_installed', ['busybox'])).toEqual({
      busybox: {
        name: 'busybox',
        version: '1.36.1-r2',
        architecture: 'x86_64',
        source: 'busybox',
        packager: 'Natanael Copa <ncopa@alpinelinux.org>',
        url: 'https://busybox.net/',
        license: 'GPL-2.0-only',
        size: '962560',
        summary: 'Size optimized toolbox of many common UNIX utilities',
        description: 'Size optimized toolbox of many common UNIX utilities',
        build_date: '2023-07-06T08:48:45Z',
        build_date_time_t: 1_688_633_325,
      },
    });
  });
});

describe('changes', () => {
  test.each([
    ['install', { name: 'vim' }, ['add --upgrade vim']],
    ['install', { pkgs: [{ vim: '9.0-r1' }] }, ['add --upgrade vim=9.0-r1']],
    ['install', { sources: [{ x: '/tmp/x.apk' }], skip_verify: true }, ['add --allow-untrusted /tmp/x.apk']],
    ['install', { name: 'busybox', reinstall: true }, ['add --upgrade busybox', 'fix --reinstall busybox']],
    ['remove', { name: 'busybox,nope' }, ['del busybox']],
    ['purge', { name: 'busybox' }, ['del --purge busybox']],
    ['upgrade', {}, ['update', 'upgrade']],
    ['upgrade', { refresh: false, pkgs: ['busybox'] }, ['add --upgrade busybox']],
  ])('%s %j', async (fun, kwargs, expected) => {
    const { run, lines } = await machine();
    await run(fun, [], kwargs);
    expect(lines).toEqual(expected.map((line) => `apk ${line}`));
  });

  test('failures are told in the words of apk, and what it cannot do is refused', async () => {
    const stderr = 'ERROR: unable to select packages:\n  nope (no such package):\n    required by: world[nope]\n';
    const { run } = await machine({ 'apk add --upgrade nope': { retcode: 1, stderr } });
    await expect(run('install', ['nope'])).rejects.toThrow('nope (no such package)');
    await expect(run('install', ['vim'], { only_upgrade: true })).rejects.toThrow('not to be upgraded: vim');
    await expect(run('install', ['vim'], { fromrepo: 'x' })).rejects.toThrow('apk cannot do what fromrepo asks for');
    await expect(run('install', ['--root=/x'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  });
});

test('what is bound to a version in world is held', async () => {
  const { run, lines } = await machine();
  expect(await run('list_holds')).toEqual(['busybox=1.36.1-r2']);
  expect(await run('unhold', ['busybox'])).toMatchObject({ busybox: { changes: { old: 'hold', new: '' } } });
  expect(await run('hold', ['alpine-baselayout'])).toMatchObject({ 'alpine-baselayout': { result: true } });
  expect(lines).toEqual(['apk add busybox', 'apk add alpine-baselayout=3.4.3-r1']);
});

describe('repositories', () => {
  const main = 'https://dl-cdn.alpinelinux.org/alpine/v3.18/main';
  const edge = 'https://dl-cdn.alpinelinux.org/alpine/edge/main';

  test('are listed, the disabled and the tagged too', async () => {
    const { run } = await machine();
    const repos = (await run('list_repos')) as Record<string, { enabled: boolean; tag: string }>;
    expect(Object.values(repos).map(({ enabled, tag }) => [enabled, tag])).toEqual([
      [false, ''],
      [true, ''],
      [true, 'edge'],
      [false, ''],
    ]);
    expect(await run('get_repo', [edge])).toMatchObject({ uri: edge, file: '/etc/apk/repositories' });
    expect(await run('get_repo', ['https://nope'])).toEqual({});
  });

  test('are changed, added and removed by line', async () => {
    const { run, repositories } = await machine();
    await run('mod_repo', ['https://dl-cdn.alpinelinux.org/alpine/v3.18/community']);
    await run('mod_repo', [main], { enabled: false });
    await run('mod_repo', ['https://x/y'], { tag: 'y' });
    await run('del_repo', [edge], { refresh: false });
    expect(repositories()).toBe(
      `#/media/cdrom/apks\n#${main}\n# a remark\nhttps://dl-cdn.alpinelinux.org/alpine/v3.18/community\n@y https://x/y\n`,
    );
    await expect(run('mod_repo', ['nope'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
    await expect(run('mod_repo', ['https://x\nhttps://y'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  });
});
