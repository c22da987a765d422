import { expect, test } from 'vitest';
import pkg from '../../../../../../minion/modules/pkg.ts';
import { fakeContext } from '../../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../../support/fixture_root.ts';
import { replay } from '../../../../../support/replay.ts';
import { runFunction } from '../../../../../support/run_function.ts';

const LONG = 'demo-whose-name-is-longer-than-the-column-of-the-table';
const LONG_NEW = '1:1.2.20240101git0123456789abcdef0123456789abcdef01234567-1';
const OLD = {
  pkgs: [{ demo: '1.0-1' }, { 'demo-native.i686': '1.0-1' }, { 'demo-kernel': '6.1.0-1' }, { [LONG]: '1:1.0-1' }],
};
const CACHED = { refresh: false };
const change = (old: string, now: string) => ({ old, new: now });

/** What `dnf` and `dnf5` printed in the same scene, which is played here in its order. */
test.each([
  {
    program: 'dnf',
    fixture: 'pkg/dnf-4.14.0.txt',
    words: { repo: "Unknown repo: 'nope'", missing: 'Unable to find a match: nope', held: 'demo-0:1.0-1' },
  },
  {
    program: 'dnf5',
    fixture: 'pkg/dnf5-5.4.6.0.txt',
    words: { repo: 'No matching repositories for nope', missing: 'No match for argument: nope', held: 'demo-1.0-1' },
  },
])('what $program really prints is understood', async ({ program, fixture, words }) => {
  const root = await fixtureRoot({ [`usr/bin/${program}`]: '#!' });
  const { exec, left } = replay(fixture);
  const context = fakeContext({ root, exec, grains: { os_family: 'RedHat', osarch: 'x86_64' } });
  const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);

  expect(await run('refresh_db')).toBeNull();
  expect(await run('list_pkgs')).toEqual({ 'demo-release': '9-1' });
  expect(await run('list_repo_pkgs', ['demo', 'demo-native', 'demo-kernel', LONG])).toEqual({
    demo: ['1.0-2', '1.0-1'],
    'demo-kernel': ['6.1.0-2', '6.1.0-1'],
    'demo-native': ['1.1~rc1-3.el9_4', '1.0-1'],
    'demo-native.i686': ['1.1~rc1-3.el9_4', '1.0-1'],
    [LONG]: [LONG_NEW, '1:1.0-1'],
  });
  expect(await run('latest_version', ['demo', 'demo-native', 'demo-native.i686', 'nope'], CACHED)).toEqual({
    demo: '1.0-2',
    'demo-native': '1.1~rc1-3.el9_4',
    'demo-native.i686': '1.1~rc1-3.el9_4',
    nope: '',
  });
  expect(await run('latest_version', ['nope'], CACHED)).toBe('');
  expect(await run('latest_version', ['demo'], { ...CACHED, fromrepo: 'extra' })).toBe('2:0.9-1.el9');
  await expect(run('latest_version', ['demo'], { ...CACHED, fromrepo: 'nope' })).rejects.toThrow(words.repo);

  expect(await run('install', [], OLD)).toEqual({
    demo: change('', '1.0-1'),
    'demo-kernel': change('', '6.1.0-1'),
    'demo-lib': change('', '1.0-1'),
    'demo-native.i686': change('', '1.0-1'),
    [LONG]: change('', '1:1.0-1'),
  });
  // For dnf the package of the other architecture is what was asked for.
  expect(await run('install', ['demo-native'], { version: '1.0-1' })).toEqual({});
  expect(await run('list_pkgs')).toMatchObject({ 'demo-native.i686': '1.0-1', [LONG]: '1:1.0-1' });
  const upgrades = { demo: '1.0-2', 'demo-kernel': '6.1.0-2', 'demo-native.i686': '1.1~rc1-3.el9_4', [LONG]: LONG_NEW };
  expect(await run('list_upgrades', [], CACHED)).toEqual(upgrades);
  expect(await run('refresh_db')).toBe(true);

  expect(await run('hold', ['demo'])).toMatchObject({ demo: { changes: change('', 'hold'), result: true } });
  expect(await run('hold', ['demo'])).toMatchObject({ demo: { comment: 'Package demo is already set to be held.' } });
  expect(await run('list_holds')).toEqual([words.held]);
  expect(await run('list_upgrades', [], CACHED)).toEqual(upgrades);
  expect(await run('upgrade', [], CACHED)).toEqual({
    'demo-kernel': change('6.1.0-1', '6.1.0-1,6.1.0-2'),
    'demo-native': change('', '1.1~rc1-3.el9_4'),
    'demo-native.i686': change('1.0-1', '1.1~rc1-3.el9_4'),
    [LONG]: change('1:1.0-1', LONG_NEW),
  });
  expect(await run('list_upgrades', [], CACHED)).toEqual({ demo: '1.0-2' });
  expect(await run('unhold', ['demo'])).toMatchObject({ demo: { changes: change('hold', ''), result: true } });
  expect(await run('list_holds')).toEqual([]);

  expect(await run('upgrade', [], { ...CACHED, name: 'demo' })).toEqual({ demo: change('1.0-1', '1.0-2') });
  expect(await run('install', ['demo'], { version: '1.0-1' })).toEqual({ demo: change('1.0-2', '1.0-1') });
  expect(await run('install', ['demo'], { reinstall: true })).toEqual({ demo: change('1.0-1', '1.0-1') });
  expect(await run('install', ['demo'], { only_upgrade: true })).toEqual({ demo: change('1.0-1', '1.0-2') });
  expect(await run('install', ['demo'], { version: '2:0.9-1.el9', fromrepo: 'extra' })).toEqual({
    demo: change('1.0-2', '2:0.9-1.el9'),
  });
  await expect(run('install', ['nope'])).rejects.toThrow(words.missing);
  expect(await run('install', [], { sources: [{ demo: '/srv/repos/newer/demo-1.0-2.noarch.rpm' }] })).toEqual({
    demo: change('2:0.9-1.el9', '1.0-2'),
  });
  expect(await run('version', ['demo', 'demo-kernel'])).toEqual({ demo: '1.0-2', 'demo-kernel': '6.1.0-1,6.1.0-2' });
  expect(await run('file_dict', ['demo', 'nope'])).toEqual({
    errors: ['package nope is not installed'],
    packages: { demo: ['/usr/share/demo', '/usr/share/demo/two words', '/usr/share/demo/version'] },
  });
  expect(await run('owner', ['/usr/share/demo/version', '/nope', '/etc/hostname'])).toEqual({
    '/usr/share/demo/version': 'demo',
    '/nope': '',
    '/etc/hostname': '',
  });
  expect(await run('info_installed', ['demo'])).toEqual({
    demo: {
      name: 'demo',
      version: '1.0',
      release: '2',
      architecture: 'noarch',
      install_date: expect.stringMatching(/^2026-11-26T18:\d\d:\d\dZ$/),
      install_date_time_t: expect.any(Number),
      build_date: '2023-11-14T22:13:20Z',
      build_date_time_t: 1_700_000_000,
      build_host: 'builder.example.org',
      group: 'Unspecified',
      source: 'demo-1.0-2.src.rpm',
      size: '11',
      license: 'MIT',
      packager: 'Nobody <nobody@example.org>',
      vendor: 'Example',
      url: 'https://example.org/demo',
      summary: 'demo of the tests',
      description: 'First line of demo.\n\nLast line, with a : colon.',
    },
  });
  await expect(run('info_installed', ['demo', 'nope'])).rejects.toThrow('not installed: nope');
  expect(await run('info_installed', ['demo', 'nope'], { failhard: false, attr: 'version' })).toEqual({
    demo: { version: '1.0' },
  });
  expect(await run('remove', [], { pkgs: ['demo', 'nope'] })).toEqual({
    demo: change('1.0-2', ''),
    'demo-lib': change('1.0-1', ''),
  });
  expect(await run('purge', ['demo-lib'])).toEqual({});
  expect(left()).toEqual([]);
});
