import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import hashutil from '../../../../minion/modules/hashutil.ts';
import log from '../../../../minion/modules/log.ts';
import random from '../../../../minion/modules/random.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const context = fakeContext({ id: 'm1' });
const hash = (fun: string, ...args: unknown[]) => runFunction(context, hashutil, `hashutil.${fun}`, args);
const rand = (fun: string, args: unknown[] = [], kwargs = {}) =>
  runFunction(context, random, `random.${fun}`, args, kwargs);

/** The values of Salt's documentation, which Python's hashlib and hmac give too. */
test.each<[string, unknown[], unknown]>([
  ['md5_digest', ['get salted'], '2aacf29e92feaf528fb738bcf9d647ac'],
  ['sha256_digest', ['get salted'], 'd49859ccbc854fa68d800b5734efc70d72383e6479d545468bc300263164ff33'],
  ['digest', ['get salted', 'sha1'], '99a2c79fe0191417641eb34a4b6332e496c41c29'],
  ['base64_b64encode', ['get salted'], 'Z2V0IHNhbHRlZA=='],
  ['base64_b64decode', ['Z2V0IHNhbHRlZA=='], 'get salted'],
  ['base64_encodestring', ['get salted'], 'Z2V0IHNhbHRlZA==\n'],
  ['base64_decodestring', ['Z2V0IHNh\nbHRlZA==\n'], 'get salted'],
  ['hmac_signature', ['get salted', 'shared secret', 'eBWf9bstXg+NiP5AOwppB5HMvZiYMPzEM9W5YMm/AmQ='], true],
  ['hmac_signature', ['get salted', 'shared secret', 'eBWf9bstXg+NiP5AOwppB5HMvZiYMPzEM9W5YMm/AmA='], false],
  ['hmac_compute', ['get salted', 'shared secret'], '78159ff5bb2d5e0f8d88fe403b0a690791ccbd989830fcc433d5b960c9bf0264'],
])('hashutil.%s %j', async (fun, args, expected) => {
  expect(await hash(fun, ...args)).toBe(expected);
});

test('hashutil.github_signature takes the algorithm from the signature', async () => {
  const sign = (signature: string) => hash('github_signature', '{"ref":1}', 'k', signature);
  expect(await sign('sha1=6d2587e63037eeec8f63f39186427fe217fb37a5')).toBe(true);
  expect(await sign('sha1=6d2587e63037eeec8f63f39186427fe217fb37a6')).toBe(false);
  await expect(sign('nope=00')).rejects.toThrow("there is no digest 'nope'");
});

test('hashutil reads and writes files, with lines of 76 characters', async () => {
  const root = await fixtureRoot({ 'tmp/in': 'x'.repeat(100) });
  const there = fakeContext({ root });
  const call = (fun: string, ...args: unknown[]) => runFunction(there, hashutil, `hashutil.${fun}`, args);
  const text = String(await call('base64_encodefile', '/tmp/in'));
  expect(text.split('\n').map(({ length }) => length)).toEqual([76, 60, 0]);
  expect(await call('base64_decodefile', text, '/tmp/out')).toBe(true);
  expect(await readFile(join(root, 'tmp/out'), 'utf8')).toBe('x'.repeat(100));
  expect(await call('digest_file', '/tmp/out', 'md5')).toBe(await hash('md5_digest', 'x'.repeat(100)));
  await expect(call('digest_file', '/tmp/nowhere')).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  await expect(hash('base64_b64decode', 'no base64!')).rejects.toThrow('instr: is not base64');
});

test('random texts are made of what is asked for', async () => {
  expect(await rand('get_str', [40], { chars: 'ab' })).toMatch(/^[ab]{40}$/);
  expect(await rand('get_str', [200], { punctuation: false, uppercase: false })).toMatch(/^[a-z0-9]{200}$/);
  expect(await rand('get_str')).toHaveLength(20);
  expect(await rand('get_str')).not.toBe(await rand('get_str'));
  expect(await rand('rand_str', [], { hash_type: 'sha256' })).toMatch(/^[0-9a-f]{64}$/);
  await expect(rand('get_str', [5], { chars: '' })).rejects.toThrow('there is nothing to choose from');
  await expect(rand('get_str', [0])).rejects.toThrow('length: must be 1 or more');
});

test('random numbers stay within their ends, and a seed gives the same one', async () => {
  for (let count = 0; count < 50; count++) expect([3, 4, 5]).toContain(await rand('rand_int', [3, 5]));
  expect(await rand('rand_int', [1, 1000, 'x'])).toBe(await rand('rand_int', [1, 1000, 'x']));
  expect(await rand('seed', [60])).toBe(await rand('seed', [60], { hash: 'm1' }));
  await expect(rand('rand_int', [5, 3])).rejects.toThrow('end: must not be less than start, 5');
});

test('a sample has each item once at most, and with a seed those that Salt draws', async () => {
  const drawn = (await rand('sample', [[1, 2, 3, 4], 3])) as number[];
  expect(new Set(drawn).size).toBe(3);
  expect([1, 2, 3, 4]).toEqual(expect.arrayContaining(drawn));
  expect(await rand('sample', [['one', 'two', 'three'], 2], { seed: 'static' })).toEqual(['three', 'two']);
  expect(await rand('shuffle', [['one', 'two', 'three']], { seed: 'static' })).toEqual(['three', 'two', 'one']);
  expect(((await rand('shuffle', ['a,b,c'])) as string[]).sort()).toEqual(['a', 'b', 'c']);
  await expect(rand('sample', [['a'], 2])).rejects.toThrow('size: must be at most the number of items, 1');
});

test('random.hash, str_encode and shadow_hash give what Salt gives', async () => {
  expect(await rand('hash', ['I am a string'])).toMatch(/^6392b3a54df0378b/);
  expect(await rand('str_encode', ['I am a new string'])).toBe('SSBhbSBhIG5ldyBzdHJpbmc=\n');
  expect(await rand('str_encode', ['ab', 'hex'])).toBe('6162');
  expect(await rand('shadow_hash', ['My5alT', 'MyP@asswd'])).toMatch(/^\$6\$My5alT\$.{86}$/);
});

test('log writes into the log of the minion, at its level', async () => {
  const there = fakeContext();
  for (const level of ['debug', 'info', 'warning', 'error', 'critical', 'exception']) {
    expect(await runFunction(there, log, `log.${level}`, [`from ${level}`])).toBe(true);
  }
  expect(there.logged.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'debug from debug',
    'info from info',
    'warning from warning',
    'error from error',
    'error from critical',
    'error from exception',
  ]);
});
