import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import saltutil from '../../../../../minion/modules/saltutil.ts';
import { FleetError } from '../../../../../shared/errors.ts';
import { fakeContext } from '../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../support/fixture_root.ts';
import { runFunction } from '../../../../support/run_function.ts';

test('regen_keys makes a new key and leaves no other file', async () => {
  const root = await fixtureRoot({ 'pki/minion.pem': 'old', 'pki/minion.crt': 'old', 'pki/master.crt': 'old' });
  await mkdir(join(root, 'pki/folder'));
  const context = fakeContext({ root, config: { pki_dir: '/pki' } });
  expect(await runFunction(context, saltutil, 'saltutil.regen_keys')).toBeNull();
  expect((await readdir(join(root, 'pki'))).sort()).toEqual(['folder', 'minion.pem']);
  expect(await readFile(join(root, 'pki/minion.pem'), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
});

test('revoke_auth asks the master', async () => {
  const asked: unknown[] = [];
  const master = {
    async ask(...question: unknown[]) {
      asked.push(question);
      return true;
    },
  };
  const context = fakeContext({ master });
  expect(await runFunction(context, saltutil, 'saltutil.revoke_auth')).toBe(true);
  expect(await runFunction(context, saltutil, 'saltutil.revoke_auth', [true])).toBe(true);
  expect(asked).toEqual([
    ['revoke', { preserve_minion_cache: false }],
    ['revoke', { preserve_minion_cache: true }],
  ]);
});

test.each(['TIMED_OUT', 'MASTER_UNREACHABLE'] as const)('revoke_auth is False after %s', async (code) => {
  const master = { ask: async () => Promise.reject(new FleetError(code, 'no answer')) };
  expect(await runFunction(fakeContext({ master }), saltutil, 'saltutil.revoke_auth')).toBe(false);
});

test('a master that refuses is an error', async () => {
  const master = { ask: async () => Promise.reject(new FleetError('NOT_PERMITTED', 'minion m1 may not')) };
  await expect(runFunction(fakeContext({ master }), saltutil, 'saltutil.revoke_auth')).rejects.toMatchObject({
    code: 'NOT_PERMITTED',
  });
});
