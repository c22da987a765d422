import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fingerprintOf } from '../../../../shared/crypto/fingerprint.ts';
import {
  openPrivateKey,
  readPrivateFile,
  writeFileAtomically,
  writePrivateFile,
} from '../../../../shared/crypto/private_file.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'brine-private-'));
  path = join(directory, 'pki', 'master.pem');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('a key is made once, for its owner alone, and found again', async () => {
  const made = await openPrivateKey(path);
  expect(made.asymmetricKeyType).toBe('ed25519');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(fingerprintOf(await openPrivateKey(path))).toBe(fingerprintOf(made));
  expect(await readdir(join(directory, 'pki'))).toEqual(['master.pem']);
});

test('processes that start at once agree on one key', async () => {
  const keys = await Promise.all(Array.from({ length: 8 }, () => openPrivateKey(path)));
  expect(new Set(keys.map(fingerprintOf)).size).toBe(1);
});

test('a key that others may read is refused with the command that mends it', async () => {
  await openPrivateKey(path);
  for (const mode of [0o640, 0o604, 0o660]) {
    await chmod(path, mode);
    await expect(openPrivateKey(path)).rejects.toMatchObject({ code: 'NOT_PERMITTED', hint: `chmod 600 ${path}` });
  }
});

test('a file that holds no key is named', async () => {
  await openPrivateKey(path);
  await writeFile(path, 'hello');
  await expect(openPrivateKey(path)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: `${path} does not hold a private key`,
  });
});

test('a file is replaced whole and nothing is left beside it', async () => {
  const file = join(directory, 'tokens.json');
  await writePrivateFile(file, 'one');
  await writePrivateFile(file, 'two');
  expect(await readPrivateFile(file)).toBe('two');
  expect(await readdir(directory)).toEqual(['tokens.json']);
});

test('a file that is not there reads as undefined', async () => {
  expect(await readPrivateFile(join(directory, 'none'))).toBeUndefined();
});

test('a file that cannot be written is named and leaves nothing behind', async () => {
  const file = join(directory, 'taken', 'x');
  await writeFile(join(directory, 'taken'), '');
  await expect(writeFileAtomically(file, 'x', 0o644)).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: `${file} cannot be written: part of the path is not a directory`,
  });
  expect(await readFile(join(directory, 'taken'), 'utf8')).toBe('');
  expect(await readdir(directory)).toEqual(['taken']);
});
