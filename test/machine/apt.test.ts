import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createExec } from '../../minion/lib/exec.ts';
import pkg from '../../minion/modules/pkg.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { fakeContext, runFunction } from '../support/fake_context.ts';
import { temporaryDir } from '../support/temporary_dir.ts';

/** A package of ours, installed on this Debian by apt and removed again: as root. */
const NAME = 'brine-test-apt';

function buildPackage(directory: string, version: string): string {
  const tree = join(directory, version);
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
  mkdirSync(join(tree, 'usr/share', NAME), { recursive: true });
  writeFileSync(join(tree, 'usr/share', NAME, 'text'), version);
  const control = [
    `Package: ${NAME}`,
    `Version: ${version}`,
    'Architecture: all',
    'Maintainer: nobody <nobody@example.com>',
  ];
  writeFileSync(join(tree, 'DEBIAN/control'), `${control.join('\n')}\nDescription: nothing at all\n`);
  chmodSync(join(tree, 'DEBIAN'), 0o755);
  const file = join(directory, `${NAME}_${version}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '--build', tree, file]);
  return file;
}

test('a package is installed, upgraded, held and purged by apt', async () => {
  const directory = temporaryDir();
  const exec = createExec({ env: process.env, log: silentLogger, clock: systemClock });
  const context = fakeContext({ exec, root: '/', grains: { os_family: 'Debian', os: 'Debian' } });
  const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);
  onTestFinished(() => {
    spawnSync('dpkg', ['-P', NAME]);
  });
  const [first, second] = [buildPackage(directory, '1.0-1'), buildPackage(directory, '1.0-2')];

  expect(await run('install', [], { sources: [{ [NAME]: first }] })).toEqual({ [NAME]: { old: '', new: '1.0-1' } });
  expect(await run('version', [NAME])).toBe('1.0-1');
  expect(await run('list_pkgs')).toMatchObject({ [NAME]: '1.0-1' });
  expect(await run('owner', [`/usr/share/${NAME}/text`])).toBe(NAME);
  expect(await run('install', [], { sources: [{ [NAME]: second }] })).toEqual({
    [NAME]: { old: '1.0-1', new: '1.0-2' },
  });
  await run('hold', [NAME]);
  expect(execFileSync('apt-mark', ['showhold'], { encoding: 'utf8' }).split('\n')).toContain(NAME);
  await run('unhold', [NAME]);
  expect(await run('purge', [NAME])).toEqual({ installed: { [NAME]: { old: '1.0-2', new: '' } }, removed: {} });
  expect(await run('version', [NAME])).toBe('');
});
