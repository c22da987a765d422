import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTokenStore, type TokenStore } from '../../../../master/keys/tokens.ts';
import { systemClock } from '../../../../shared/clock.ts';

let pkiDir: string;
let nowMs: number;
let tokens: TokenStore;

const open = (): TokenStore => createTokenStore({ pkiDir, clock: { ...systemClock, nowMs: () => nowMs } });

beforeEach(async () => {
  pkiDir = await mkdtemp(join(tmpdir(), 'brine-tokens-'));
  nowMs = 1_795_000_000_000;
  tokens = open();
});
afterEach(() => rm(pkiDir, { recursive: true, force: true }));

test('a token is good once', async () => {
  const token = await tokens.generate({ idGlob: '*', ttlSeconds: 3600 });
  expect(await tokens.consume(token, 'm1')).toBe(true);
  expect(await tokens.consume(token, 'm1')).toBe(false);
  expect(await open().consume(token, 'm1')).toBe(false);
});

test('of many who show one token at the same moment one is taken', async () => {
  const token = await tokens.generate({ idGlob: '*', ttlSeconds: 3600 });
  const taken = await Promise.all(Array.from({ length: 10 }, () => tokens.consume(token, 'm1')));
  expect(taken.filter(Boolean)).toHaveLength(1);
});

test('a token for other ids is refused and stays good for its own', async () => {
  const token = await tokens.generate({ idGlob: 'web*', ttlSeconds: 3600 });
  expect(await tokens.consume(token, 'db1')).toBe(false);
  expect(await tokens.consume(token, 'web1')).toBe(true);
});

test('a token ends with its time', async () => {
  const token = await tokens.generate({ idGlob: '*', ttlSeconds: 60 });
  nowMs += 59_000;
  const other = await tokens.generate({ idGlob: '*', ttlSeconds: 60 });
  nowMs += 1000;
  expect(await tokens.consume(token, 'm1')).toBe(false);
  expect(await tokens.consume(other, 'm1')).toBe(true);
});

test('tokens outlive a restart, as hashes in a file for the owner alone', async () => {
  const token = await tokens.generate({ idGlob: '*', ttlSeconds: 3600 });
  const path = join(pkiDir, 'tokens.json');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readFile(path, 'utf8')).not.toContain(token);
  expect(await open().consume(token, 'm1')).toBe(true);
});

test.each(['', 'x', 'A'.repeat(32), `${'A'.repeat(31)}=`, 'A'.repeat(1000)])('%j is no token', async (text) => {
  await tokens.generate({ idGlob: '*', ttlSeconds: 3600 });
  expect(await tokens.consume(text, 'm1')).toBe(false);
});

test.each(['hello', '{}', '[{"sha256":"ab","id":"*","exp":1}]'])('a file that holds %s is named', async (content) => {
  await writeFile(join(pkiDir, 'tokens.json'), content, { mode: 0o600 });
  await expect(tokens.consume('A'.repeat(32), 'm1')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('tokens.json'),
  });
});

test('a file that somebody else wrote meanwhile counts', async () => {
  const token = await tokens.generate({ idGlob: '*', ttlSeconds: 3600 });
  await writeFile(join(pkiDir, 'tokens.json'), '[]', { mode: 0o600 });
  expect(await tokens.consume(token, 'm1')).toBe(false);
  const other = await tokens.generate({ idGlob: '*', ttlSeconds: 3600 });
  await rm(join(pkiDir, 'tokens.json'));
  expect(await tokens.consume(other, 'm1')).toBe(false);
});

test('what was read once is not checked again for each token', async () => {
  const many = Array.from({ length: 9000 }, (_, n) => ({ sha256: String(n).padStart(64, '0'), id: '*', exp: 2 ** 33 }));
  await writeFile(join(pkiDir, 'tokens.json'), JSON.stringify(many), { mode: 0o600 });
  await tokens.generate({ idGlob: '*', ttlSeconds: 3600 });
  const parse = vi.spyOn(JSON, 'parse');
  try {
    for (let count = 0; count < 5; count++) await tokens.generate({ idGlob: '*', ttlSeconds: 3600 });
    expect(parse).not.toHaveBeenCalled();
  } finally {
    parse.mockRestore();
  }
});
