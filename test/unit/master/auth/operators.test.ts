import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openOperators } from '../../../../master/auth/operators.ts';
import { fakeClock } from '../../../support/fake_context.ts';

let directory: string;
let changed: string[];
const clock = fakeClock();
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'brine-operators-'));
  changed = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (configured = {}) => openOperators(directory, configured, clock, (user) => changed.push(user));
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('an operator that was added may log in with the password that was made, also after a restart', async () => {
  const operators = await open();
  const password = await operators.add('alice');
  expect(password).toHaveLength(24);
  for (const store of [operators, await open()]) {
    expect(store.isOperator('alice', password)).toBe(true);
    expect(store.isOperator('alice', `${password}x`)).toBe(false);
    expect(store.isOperator('bob', password)).toBe(false);
    expect(store.names()).toEqual(['alice']);
  }
});

test('the file holds hashes for the owner alone', async () => {
  const password = await (await open()).add('alice');
  const path = join(directory, 'operators.json');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const text = await readFile(path, 'utf8');
  expect(text).not.toContain(password);
  expect(JSON.parse(text)).toEqual({ alice: { password_hash: sha256(password) } });
});

test('a second password takes the place of the first, and of connections made with it', async () => {
  const operators = await open();
  const first = await operators.add('alice');
  const second = await operators.add('alice');
  expect([operators.isOperator('alice', first), operators.isOperator('alice', second)]).toEqual([false, true]);
  expect(changed).toEqual(['alice', 'alice']);
});

test('who is removed may not log in any more', async () => {
  const operators = await open();
  const password = await operators.add('alice');
  expect(await operators.remove('alice')).toBe(true);
  expect(operators.isOperator('alice', password)).toBe(false);
  expect(await operators.remove('alice')).toBe(false);
  expect(changed).toEqual(['alice', 'alice']);
});

test('operators that are added at the same time are all kept', async () => {
  const operators = await open();
  await Promise.all(['a', 'b', 'c'].map((user) => operators.add(user)));
  expect((await open()).names()).toEqual(['a', 'b', 'c']);
});

test('those of the configuration may log in, and cannot be removed', async () => {
  const operators = await open({ carol: { password_hash: sha256('of the file') } });
  expect(operators.isOperator('carol', 'of the file')).toBe(true);
  expect(await operators.remove('carol')).toBe(false);
  expect(operators.names()).toEqual(['carol']);
});

test.each(['constructor', '__proto__', 'toString', ''])('nobody is called %j by accident', async (name) => {
  const operators = await open();
  expect([operators.isOperator(name, ''), await operators.remove(name)]).toEqual([false, false]);
});

test.each(['', 'a b', 'a/b', '+', 'x'.repeat(33)])('%j cannot be the name of an operator', async (name) => {
  await expect((await open()).add(name)).rejects.toMatchObject({ code: 'ARGS_INVALID' });
});

test('a file that somebody broke is named', async () => {
  await writeFile(join(directory, 'operators.json'), '{"alice": "secret"}', { mode: 0o600 });
  await expect(open()).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('operators.json'),
  });
});

test('a password that ends is worth nothing from then on, and says so', async () => {
  const operators = await open();
  const password = await operators.add('ci', 60);
  expect([operators.isOperator('ci', password), operators.expired('ci')]).toEqual([true, undefined]);
  clock.advance(61_000);
  expect(operators.isOperator('ci', password)).toBe(false);
  expect(operators.expired('ci')).toMatch(/^the password of ci expired at 20\d\d-/);
  expect((await open()).isOperator('ci', password)).toBe(false);
});
