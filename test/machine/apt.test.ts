import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createExec } from '../../minion/lib/exec.ts';
import pkg from '../../minion/modules/pkg.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { fakeContext } from '../support/fake_context.ts';
import { runFunction } from '../support/run_function.ts';
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

function onThisMachine() {
  const exec = createExec({ env: process.env, log: silentLogger, clock: systemClock });
  const context = fakeContext({ exec, root: '/', grains: { os_family: 'Debian', os: 'Debian' } });
  return (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);
}

test('a package is installed, upgraded, held and purged by apt', async () => {
  const directory = temporaryDir();
  const run = onThisMachine();
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
}, 120_000);

test('apt takes a repository by the key that was added, and no longer when it was removed', async () => {
  const directory = temporaryDir();
  const keydir = join(directory, 'keyrings');
  mkdirSync(keydir);
  const { armor, keyid } = signRepository(directory);
  const run = onThisMachine();
  const place = { aptkey: false, keydir };

  expect(updates(directory)).toContain('NO_PUBKEY');
  expect(await run('add_repo_key', [armor], { ...place, keyfile: 'own.gpg' })).toBe(true);
  expect(await run('add_repo_key', [armor], { ...place, keyid })).toBe(true);
  expect(await run('get_repo_keys', [], place)).toMatchObject({ [keyid]: { keyid, uid: 'Own <own@example.com>' } });
  expect(updates(directory)).toBe('');
  expect(await run('del_repo_key', [], { ...place, keyid: keyid.slice(-8) })).toBe(keyid.slice(-8));
  expect(await run('get_repo_keys', [], place)).toEqual({});
  expect(updates(directory)).toContain('NO_PUBKEY');
});

test('records and downloaded packages are shown', async () => {
  const directory = temporaryDir();
  const archives = join(directory, 'var/cache/apt/archives');
  mkdirSync(archives, { recursive: true });
  const path = join(archives, 'own.deb');
  renameSync(buildPackage(directory, '1.0-1'), path);
  const run = onThisMachine();

  expect(await run('list_downloaded', [], { root: directory })).toMatchObject({ [NAME]: { '1.0-1': { path } } });
  const version = (await run('version', ['dpkg'])) as string;
  const records = await run('show', ['dpkg'], { filter: 'maintainer,essential' });
  expect(records).toMatchObject({ dpkg: { [version]: { Essential: 'yes', Maintainer: expect.any(String) } } });
  expect((await run('list_repo_pkgs')) as object).toHaveProperty('dpkg');
});

/** An empty repository in `directory`, signed with a key of its own, and the source that names it. */
function signRepository(directory: string) {
  const [home, repository] = [join(directory, 'home'), join(directory, 'repository')];
  mkdirSync(home, { mode: 0o700 });
  mkdirSync(repository);
  const gpg = (...args: string[]) =>
    execFileSync('gpg', ['--homedir', home, '--batch', '--yes', ...args], { encoding: 'utf8', stdio: 'pipe' });
  onTestFinished(() => {
    spawnSync('gpgconf', ['--homedir', home, '--kill', 'all']);
  });
  gpg('--passphrase', '', '--quick-gen-key', 'Own <own@example.com>', 'ed25519', 'sign', 'never');
  const keyid = /^pub:(?:[^:]*:){3}([^:]+)/m.exec(gpg('--list-keys', '--with-colons'))?.[1] ?? '';
  const armor = join(directory, 'own.asc');
  gpg('--armor', '--output', armor, '--export');
  const sum = createHash('sha256').update('').digest('hex');
  writeFileSync(join(repository, 'Packages'), '');
  writeFileSync(
    join(repository, 'Release'),
    `Suite: own\nDate: ${new Date().toUTCString()}\nSHA256:\n ${sum} 0 Packages\n`,
  );
  gpg('--clearsign', '--output', join(repository, 'InRelease'), join(repository, 'Release'));
  writeFileSync(
    join(directory, 'own.list'),
    `deb [signed-by=${join(directory, 'keyrings/own.gpg')}] file://${repository} ./\n`,
  );
  return { armor, keyid };
}

/** What `apt-get update` complains of when it knows that repository alone; nothing of it stays on the machine. */
function updates(directory: string): string {
  for (const folder of ['lists', 'cache']) mkdirSync(join(directory, folder), { recursive: true });
  const settings = {
    'Dir::Etc::sourcelist': join(directory, 'own.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': join(directory, 'lists'),
    'Dir::Cache': join(directory, 'cache'),
    'APT::Sandbox::User': 'root',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return spawnSync('apt-get', ['-q', ...options, 'update'], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
    .stderr;
}
