import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import pkg from '../../../../../../minion/modules/pkg.ts';
import { changingExec } from '../../../../../support/changing_exec.ts';
import { type FakeCommand, fakeContext } from '../../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../../support/fixture_root.ts';
import { replay } from '../../../../../support/replay.ts';
import { runFunction } from '../../../../../support/run_function.ts';

/**
 * Four packages of a container of Alpine 3.4, from pkg/fanal/analyzer/pkg/apk/testdata/apk of
 * https://github.com/aquasecurity/trivy; the format is that of https://wiki.alpinelinux.org/wiki/Apk_spec.
 */
const DATABASE = readFileSync(
  new URL('../../../../../fixtures/pkg/apk-installed-published.txt', import.meta.url),
  'utf8',
);
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
    'etc/apk/world': 'libc-utils\nbusybox=1.24.2-r9\nmusl>1\nvim@edge\n',
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
    ['list_pkgs', [], { busybox: '1.24.2-r9', 'libc-utils': '0.7-r0', musl: '1.1.14-r10', 'musl-utils': '1.1.14-r10' }],
    ['file_list', ['busybox'], { errors: [], files: ['/bin/busybox', '/bin/sh', '/etc/securetty'] }],
    ['file_list', ['libc-utils'], { errors: [], files: [] }],
    ['version_cmp', ['1.36.1_rc1', '1.36.1'], -1],
  ])('%s %j', async (fun, args, expected) => {
    expect(await (await machine()).run(fun, args)).toEqual(expected);
  });

  test('what apk is known to print is understood', async () => {
    const root = await fixtureRoot({ 'sbin/apk': '#!', 'lib/apk/db/installed': DATABASE });
    const { exec, left } = replay('pkg/apk-published.txt');
    const context = fakeContext({ root, exec, grains: { os_family: 'Alpine' } });
    const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
      runFunction(context, pkg, `pkg.${fun}`, args, kwargs);

    // With a tag alone a version is for those who name the tag.
    expect(await run('list_repo_pkgs', ['gmp-dev', 'libx11-dev', 'capnproto', 'nope'])).toEqual({
      'gmp-dev': ['6.2.1-r0'],
      'libx11-dev': ['1.7.1-r0'],
    });
    expect(await run('list_upgrades', [], { refresh: false })).toEqual({
      'mobile-broadband-provider-info': '20201225-r0',
      openresolv: '3.11.0-r0',
      'libpulse-mainloop-glib': '14.0-r0',
      'gtk+2.0': '2.24.33-r0',
      a: '3',
    });
    expect(await run('owner', ['/usr/bin/realpath'])).toBe('busybox');
    expect(await run('owner', ['/usr/lib/libapk.so.2.14.0'])).toBe('apk-tools');
    expect(await run('owner', ['/bin/not-found'])).toBe('');
    expect(left()).toEqual([]);
  });

  test('info_installed reads the database', async () => {
    expect(await (await machine()).run('info_installed', ['busybox'])).toEqual({
      busybox: {
        name: 'busybox',
        version: '1.24.2-r9',
        architecture: 'x86_64',
        source: 'busybox',
        packager: 'Natanael Copa <ncopa@alpinelinux.org>',
        url: 'http://busybox.net',
        license: 'GPL2',
        size: '909312',
        summary: 'Size optimized toolbox of many common UNIX utilities',
        description: 'Size optimized toolbox of many common UNIX utilities',
        build_date: '2016-06-23T08:49:40Z',
        build_date_time_t: 1_466_671_780,
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
  expect(await run('list_holds')).toEqual(['busybox=1.24.2-r9']);
  expect(await run('unhold', ['busybox'])).toMatchObject({ busybox: { changes: { old: 'hold', new: '' } } });
  expect(await run('hold', ['libc-utils'])).toMatchObject({ 'libc-utils': { result: true } });
  expect(lines).toEqual(['apk add busybox', 'apk add libc-utils=0.7-r0']);
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
