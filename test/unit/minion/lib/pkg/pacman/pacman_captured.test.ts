import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import pkg from '../../../../../../minion/modules/pkg.ts';
import { fakeContext } from '../../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../../support/fixture_root.ts';
import { replay } from '../../../../../support/replay.ts';
import { runFunction } from '../../../../../support/run_function.ts';

const CONF = '[options]\nHoldPkg = pacman glibc\n#IgnorePkg   =\n[own]\n[testing]\n';
const CACHED = { refresh: false };
const change = (old: string, now: string) => ({ old, new: now });

test('what pacman really prints is understood', async () => {
  const root = await fixtureRoot({ 'usr/bin/pacman': '#!', 'etc/pacman.conf': CONF, 'var/lib/pacman/sync/': '' });
  const { exec: play, left } = replay('pkg/pacman-6.0.2.txt');
  let fetches = 0;
  // What pacman prints is the same for a database that was current, but for the second time it left the files alone.
  const exec: typeof play = async (argv, options) => {
    if (argv[1] === '-Sy') {
      fetches += 1;
      if (fetches !== 2) touchDatabases(root, fetches);
    }
    return play(argv, options);
  };
  const context = fakeContext({ root, exec, grains: { os_family: 'Arch', osarch: 'x86_64' } });
  const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);

  expect(await run('refresh_db')).toEqual({ own: true, testing: true });
  expect(await run('refresh_db')).toEqual({ own: null, testing: null });
  expect(await run('list_pkgs')).toEqual({});
  expect(await run('list_repo_pkgs', ['demo', 'demo-extra', 'nope'])).toEqual({
    demo: ['1.1.r2.gabcdef-1', '1.0-1'],
    'demo-extra': ['1:1.0rc1-1'],
  });
  expect(await run('latest_version', ['demo', 'demo-lib', 'nope'], CACHED)).toEqual({
    demo: '1.0-1',
    'demo-lib': '1.0-1',
    nope: '',
  });
  expect(await run('latest_version', ['nope'], CACHED)).toBe('');
  expect(await run('install', [], { pkgs: [{ demo: '1.0-1' }, 'demo-extra'] })).toEqual({
    demo: change('', '1.0-1'),
    'demo-extra': change('', '1:1.0rc1-1'),
    'demo-lib': change('', '1.0-1'),
  });
  expect(await run('list_pkgs')).toEqual({ demo: '1.0-1', 'demo-extra': '1:1.0rc1-1', 'demo-lib': '1.0-1' });
  expect(await run('list_upgrades', [], CACHED)).toEqual({});
  expect(await run('refresh_db')).toEqual({ own: true, testing: true });

  expect(await run('hold', ['demo'])).toMatchObject({ demo: { changes: change('', 'hold'), result: true } });
  expect(await run('list_holds')).toEqual(['demo']);
  expect(await run('list_upgrades', [], CACHED)).toEqual({ 'demo-extra': '1:1.0-1' });
  expect(await run('upgrade', [], CACHED)).toEqual({ 'demo-extra': change('1:1.0rc1-1', '1:1.0-1') });
  expect(await run('unhold', ['demo'])).toMatchObject({ demo: { changes: change('hold', ''), result: true } });
  expect(readFileSync(join(root, 'etc/pacman.conf'), 'utf8')).toBe(CONF);
  expect(await run('list_upgrades', [], CACHED)).toEqual({ demo: '1.0-2' });

  expect(await run('upgrade', [], { ...CACHED, pkgs: ['demo'] })).toEqual({ demo: change('1.0-1', '1.0-2') });
  expect(await run('install', ['demo'], { reinstall: true })).toEqual({ demo: change('1.0-2', '1.0-2') });
  await expect(run('install', ['nope'])).rejects.toThrow('target not found: nope');
  await expect(run('install', ['demo'], { version: '3-1' })).rejects.toThrow('target not found: demo=3-1');
  const source = '/srv/arch/testing/demo-1.1.r2.gabcdef-1-x86_64.pkg.tar.zst';
  expect(await run('install', [], { sources: [{ demo: source }] })).toEqual({
    demo: change('1.0-2', '1.1.r2.gabcdef-1'),
  });

  const files = ['/etc/', '/etc/demo.conf', '/usr/', '/usr/share/', '/usr/share/demo/'];
  expect(await run('file_dict', ['demo', 'nope'])).toEqual({
    errors: ['package nope is not installed'],
    packages: { demo: [...files, '/usr/share/demo/two words', '/usr/share/demo/version'] },
  });
  expect(await run('owner', ['/usr/share/demo/version', '/usr/share', '/nope', '/etc/hostname'])).toEqual({
    '/usr/share/demo/version': 'demo',
    '/usr/share': 'demo',
    '/nope': '',
    '/etc/hostname': '',
  });
  expect(await run('info_installed', ['demo', 'demo-lib'])).toMatchObject({
    demo: {
      name: 'demo',
      version: '1.1.r2.gabcdef-1',
      architecture: 'x86_64',
      packager: 'Nobody <nobody@example.org>',
      license: 'MIT  custom:two words',
      size: '24.00 B',
      url: 'https://example.org/demo',
      summary: 'demo of the tests',
      build_date: 'Tue Nov 14 22:13:20 2023',
    },
    'demo-lib': { architecture: 'any', group: 'demos' },
  });
  await expect(run('info_installed', ['demo', 'nope'])).rejects.toThrow('not installed: nope');

  await expect(run('remove', ['demo-lib'])).rejects.toThrow('could not satisfy dependencies');
  expect(await run('remove', [], { pkgs: ['demo-extra', 'nope'] })).toEqual({ 'demo-extra': change('1:1.0-1', '') });
  expect(await run('purge', ['demo'])).toEqual({
    demo: change('1.1.r2.gabcdef-1', ''),
    'demo-lib': change('1.0-1', ''),
  });
  expect(await run('list_pkgs')).toEqual({});
  expect(left()).toEqual([]);
});

function touchDatabases(root: string, seconds: number): void {
  for (const name of ['own', 'testing']) {
    const file = join(root, 'var/lib/pacman/sync', `${name}.db`);
    writeFileSync(file, '');
    utimesSync(file, seconds, seconds);
  }
}
