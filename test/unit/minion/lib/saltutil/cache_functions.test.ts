import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import saltutil from '../../../../../minion/modules/saltutil.ts';
import { fakeContext } from '../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../support/fixture_root.ts';
import { runFunction } from '../../../../support/run_function.ts';

test('clear_cache removes what is in the cache and keeps what must not be lost', async () => {
  const root = await fixtureRoot({
    'cache/ledger': '1',
    'cache/outbox/journal': '1',
    'cache/returners/1': '1',
    'cache/schedule.json': '{}',
    'cache/datastore.json': '{}',
    'cache/mounts': '',
    'cache/file_backup/etc/hosts': '',
  });
  const context = fakeContext({ root, config: { cachedir: '/cache' } });
  expect(await runFunction(context, saltutil, 'saltutil.clear_cache')).toBe(true);
  expect((await readdir(join(root, 'cache'))).sort()).toEqual(['ledger', 'outbox', 'returners', 'schedule.json']);
  expect(await readdir(join(root, 'cache/outbox'))).toEqual(['journal']);
});

test('a cache that is not there is clear', async () => {
  const context = fakeContext({ root: await fixtureRoot({}), config: { cachedir: '/cache' } });
  expect(await runFunction(context, saltutil, 'saltutil.clear_cache')).toBe(true);
});

test('there are no copies of returns', async () => {
  const context = fakeContext();
  expect(await runFunction(context, saltutil, 'saltutil.clear_job_cache', [12])).toBe(true);
  expect(await runFunction(context, saltutil, 'saltutil.find_cached_job', ['20261122093047146206'])).toMatch(
    /^Local jobs cache directory not found/,
  );
});
