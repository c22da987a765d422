import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Exec } from '../../../../minion/lib/exec.ts';
import { publicKeyPackets } from '../../../../minion/lib/pkg/open_pgp.ts';
import pkg from '../../../../minion/modules/pkg.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const KEY_FILE = fileURLToPath(new URL('../../../fixtures/pkg/demo-key.asc', import.meta.url));
const ARMOR = readFileSync(KEY_FILE, 'utf8');
/** Of what gpg 2.2.40 exported of the same key without --armor. */
const SHA256 = '2df4406a650d45582dc8189268a60c7fee03fa246d9002fbe373ec7bd85ce651';
const KEYID = '383EC56D05C51D7C';
/** gpg 2.2.40 (Debian 12): --show-keys --with-fingerprint --with-fingerprint --with-colons --fixed-list-mode */
const LISTING = `pub:-:255:22:383EC56D05C51D7C:1795718395:::-:::scESC:::::ed25519:::0:
fpr:::::::::650A3CC10B48FDF395A7AD95383EC56D05C51D7C:
uid:-::::1795718395::E5C5BA42ED880F9EEC4FE763C5F7F854AAF8C69A::Packages of the tests <packages@example.org>::::::::::0:
sub:-:255:18:98C491E8E72D157C:1795718395::::::e:::::cv25519::
fpr:::::::::3FA663F08B3C7DBC1B240EA098C491E8E72D157C:
`;
const FOLDER = 'etc/apt/keyrings';
const IN_FOLDER = { aptkey: false };

async function machine(files: Record<string, string> = {}, functions = {}) {
  const root = await fixtureRoot({ 'usr/bin/apt-get': '#!', 'var/lib/dpkg/status': '', ...files });
  const lines: string[] = [];
  const stdins: unknown[] = [];
  const exec: Exec = async (argv, { stdin } = {}) => {
    lines.push(
      argv
        .join(' ')
        .replaceAll(root, '')
        .replace(/\S+salt-\w+/, '<home>'),
    );
    if (stdin !== undefined) stdins.push(stdin);
    const isListing = argv.includes('--list-public-keys') || /demo/.test(argv.at(-1) ?? '');
    const stdout = argv.includes('--export') ? ARMOR : isListing ? LISTING : '';
    const isRefused = argv.includes('del') && argv.includes('00000000');
    const retcode = isRefused || argv.includes('hkp://down') ? 2 : 0;
    return { pid: 1, retcode, stdout, stderr: retcode === 0 ? '' : 'gpg: no', timedOut: false };
  };
  const context = fakeContext({ root, exec, functions });
  const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);
  const read = (path: string) => readFileSync(join(root, path));
  return { run, read, root, lines, stdins, logged: () => context.logged.map(({ message }) => message) };
}

test('an armor is taken off as gpg does it', () => {
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const packets = publicKeyPackets(Buffer.from(ARMOR)) ?? Buffer.alloc(0);
  expect(sha256(packets)).toBe(SHA256);
  expect(publicKeyPackets(packets)).toBe(packets);
  const withHeaders = ARMOR.replace('BLOCK-----\n', 'BLOCK-----\nVersion: GnuPG v2\nComment: x\n').replaceAll(
    '\n',
    '\r\n',
  );
  expect(sha256(publicKeyPackets(Buffer.from(withHeaders)) ?? Buffer.alloc(0))).toBe(SHA256);
  expect(publicKeyPackets(Buffer.from(ARMOR + ARMOR))?.length).toBe(2 * packets.length);
  expect(publicKeyPackets(Buffer.from('<html>404</html>'))).toBeUndefined();
  expect(publicKeyPackets(Buffer.alloc(0))).toBeUndefined();
});

describe('keys in a folder', () => {
  const withFolder = { [`${FOLDER}/demo.gpg`]: 'x', [`${FOLDER}/README`]: 'x' };

  test('are listed with their subkeys; a file without a key adds none', async () => {
    const { run } = await machine(withFolder);
    expect(await run('get_repo_keys', [], IN_FOLDER)).toEqual({
      [KEYID]: {
        algorithm: 22,
        bits: 255,
        capability: 'scESC',
        date_creation: 1795718395,
        date_expiration: null,
        keyid: KEYID,
        validity: '-',
        fingerprint: `650A3CC10B48FDF395A7AD95${KEYID}`,
        uid: 'Packages of the tests <packages@example.org>',
        uid_hash: 'E5C5BA42ED880F9EEC4FE763C5F7F854AAF8C69A',
        subkey: {
          algorithm: 18,
          bits: 255,
          capability: 'e',
          date_creation: 1795718395,
          date_expiration: null,
          keyid: '98C491E8E72D157C',
          validity: '-',
          fingerprint: '3FA663F08B3C7DBC1B240EA098C491E8E72D157C',
        },
      },
    });
  });

  test('are used where there is no apt-key, and missing without the folder', async () => {
    const { run, logged } = await machine();
    expect(await run('get_repo_keys')).toBe(false);
    expect(await run('add_repo_key', [KEY_FILE])).toBe(false);
    expect(await run('del_repo_key', [], { keyid: KEYID })).toBe(false);
    expect(new Set(logged())).toEqual(
      new Set(['The directory /etc/apt/keyrings does not exist. Please create this directory only writable by root']),
    );
  });

  test('come from a file, bare unless the name says that it is an armor', async () => {
    const { run, read } = await machine({ [`${FOLDER}/`]: '' });
    expect(await run('add_repo_key', [KEY_FILE], { ...IN_FOLDER, keyfile: 'own.gpg' })).toBe(true);
    expect(
      createHash('sha256')
        .update(read(`${FOLDER}/own.gpg`))
        .digest('hex'),
    ).toBe(SHA256);
    expect(await run('add_repo_key', [KEY_FILE], IN_FOLDER)).toBe(true);
    expect(read(`${FOLDER}/demo-key.asc`).toString()).toBe(ARMOR);
    await expect(run('add_repo_key', [], { ...IN_FOLDER, text: 'no key', keyfile: 'x.gpg' })).rejects.toThrow(
      'the text is not a public key of OpenPGP',
    );
  });

  test('come from the master, by cp.cache_file', async () => {
    const { run, read } = await machine({ 'srv/keys/': '' }, { 'cp.cache_file': () => KEY_FILE });
    const kwargs = { ...IN_FOLDER, keydir: '/srv/keys', keyfile: 'own.gpg' };
    expect(await run('add_repo_key', ['salt://own.asc'], kwargs)).toBe(true);
    expect(read('srv/keys/own.gpg').length).toBeGreaterThan(100);
  });

  test('come from a text and from a keyserver, under a name that has to be given', async () => {
    const { run, read, lines, logged } = await machine({ [`${FOLDER}/`]: '' });
    expect(await run('add_repo_key', [], { ...IN_FOLDER, text: ARMOR })).toBe(false);
    expect(logged()).toEqual(['You must define the name of the key file to save the key. See keyfile argument']);
    expect(await run('add_repo_key', [], { ...IN_FOLDER, text: ARMOR, keyfile: 'text.gpg' })).toBe(true);
    const server = { ...IN_FOLDER, keyserver: 'hkp://keys', keyid: KEYID };
    expect(await run('add_repo_key', [], { ...server, keyfile: 'server.gpg' })).toBe(true);
    expect(read(`${FOLDER}/server.gpg`)).toEqual(read(`${FOLDER}/text.gpg`));
    expect(lines.slice(-3)).toEqual([
      `gpg --homedir <home> --batch --keyserver hkp://keys --recv-keys ${KEYID}`,
      'gpgconf --homedir <home> --kill all',
      `gpg --homedir <home> --batch --armor --export ${KEYID}`,
    ]);
    expect(await run('add_repo_key', [], { ...server, keyserver: 'hkp://down', keyfile: 'x.gpg' })).toBe(false);
    expect(logged().at(-1)).toBe('Unable to add repo key: gpg: no');
  });

  test('that are known by their id are not added again', async () => {
    const { run, root } = await machine(withFolder);
    expect(await run('add_repo_key', [KEY_FILE], { ...IN_FOLDER, keyid: '0x05c51d7c' })).toBe(true);
    expect(existsSync(join(root, FOLDER, 'demo-key.asc'))).toBe(false);
  });

  test('go with their file', async () => {
    const { run, root, logged } = await machine(withFolder);
    expect(await run('del_repo_key', [], { ...IN_FOLDER, keyid: '00000000' })).toBe(false);
    expect(await run('del_repo_key', [], { ...IN_FOLDER, keyid: '1D7C' })).toBe(false);
    expect(logged()).toEqual([
      'Could not find the key file for keyid: 00000000',
      'The keyid needs to be either 8 or 16 characters',
    ]);
    expect(await run('del_repo_key', [], { ...IN_FOLDER, keyid: '05C51D7C' })).toBe('05C51D7C');
    expect(existsSync(join(root, FOLDER, 'demo.gpg'))).toBe(false);
    expect(existsSync(join(root, FOLDER, 'README'))).toBe(true);
  });
});

describe('keys of apt-key', () => {
  const files = { 'usr/bin/apt-key': '#!' };

  test('are listed, added and removed', async () => {
    const { run, lines, stdins } = await machine(files);
    expect(Object.keys((await run('get_repo_keys')) as object)).toEqual([KEYID]);
    expect(await run('add_repo_key', ['/x.gpg'])).toBe(true);
    expect(await run('add_repo_key', [], { text: ARMOR })).toBe(true);
    expect(await run('add_repo_key', [], { keyserver: 'hkp://keys', keyid: '0123ABCD' })).toBe(true);
    expect(await run('add_repo_key', [], { keyserver: 'hkp://down', keyid: '0123ABCD' })).toBe(false);
    expect(await run('del_repo_key', [], { keyid: '0123ABCD' })).toBe('0123ABCD');
    await expect(run('del_repo_key', [], { keyid: '00000000' })).rejects.toThrow('Failed to remove keyid 00000000');
    expect(stdins).toEqual([ARMOR]);
    expect(lines.filter((line) => !line.includes('--list-public-keys'))).toEqual([
      'apt-key add /x.gpg',
      'apt-key add -',
      'apt-key adv --batch --keyserver hkp://keys --recv 0123ABCD',
      'apt-key adv --batch --keyserver hkp://down --recv 0123ABCD',
      'apt-key del 0123ABCD',
      'apt-key del 00000000',
    ]);
  });

  test('of a PPA are those that Launchpad names', async () => {
    const urls: unknown[] = [];
    const query = ([url]: readonly unknown[]) => {
      urls.push(url);
      return { dict: { signing_key_fingerprint: '0000000000000000000000000000000089ABCDEF' } };
    };
    const { run } = await machine(files, { 'http.query': query });
    expect(await run('del_repo_key', ['ppa:foo/bar'], { keyid_ppa: true })).toBe('89ABCDEF');
    expect(urls).toEqual(['https://launchpad.net/api/1.0/~foo/+archive/bar']);
    await expect(run('del_repo_key', ['foo'], { keyid_ppa: true })).rejects.toThrow('requires that a PPA be passed');
  });

  test.each([
    [{}, 'add_repo_key() takes at least 1 argument (0 given)'],
    [{ keyserver: 'hkp://keys' }, 'No keyid or keyid too short for keyserver: hkp://keys'],
    [{ keyid: '0123ABCD' }, 'No keyserver specified for keyid: 0123ABCD'],
    [{ keyserver: '--exec', keyid: '0123ABCD' }, 'must be the address of a keyserver'],
    [{ keyserver: 'hkp://keys', keyid: '--x' }, 'must be hexadecimal'],
    [{ path: '/x', keyfile: '../x' }, 'must be the name of a file'],
  ])('add_repo_key %j is refused', async (kwargs, words) => {
    await expect((await machine(files)).run('add_repo_key', [], kwargs)).rejects.toThrow(words);
  });

  test('del_repo_key wants an id, and other package managers have no keys', async () => {
    await expect((await machine(files)).run('del_repo_key')).rejects.toThrow('keyid or keyid_ppa and PPA name');
    const root = await fixtureRoot({ 'usr/bin/pacman': '#!' });
    await expect(runFunction(fakeContext({ root }), pkg, 'pkg.get_repo_keys')).rejects.toMatchObject({
      code: 'MODULE_UNAVAILABLE',
      message: expect.stringContaining('pacman has no keys of repositories'),
    });
  });
});
