import { expect, test } from 'vitest';
import { createFleet } from '../../../../master/fleet.ts';
import { createGrainCache } from '../../../../master/grains/grain_cache.ts';
import { createGrainIndex } from '../../../../master/grains/grain_index.ts';
import cache from '../../../../master/runners/cache.ts';
import target from '../../../../master/runners/target.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { fakeMasterContext } from '../../../support/fake_master_context.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';
import { runFunction } from '../../../support/run_function.ts';
import { targetFleet } from '../../../support/target_fleet.ts';

async function setUp() {
  const grainCache = createGrainCache(createMemoryStore());
  for (const [id, grains] of Object.entries(targetFleet)) await grainCache.put(id, 'hash', grains);
  const fleet = createFleet({
    acceptedIds: () => [...Object.keys(targetFleet), 'silent'],
    devices: { get: () => undefined },
    index: createGrainIndex(grainCache),
    nodegroups: { web: 'web*' },
    clock: fakeClock(),
  });
  const context = fakeMasterContext({ fleet, grainCache });
  const run = (runner: typeof target, fun: string, args: unknown[] = [], kwargs = {}) =>
    runFunction(context, runner, fun, args, kwargs);
  return { run, fleet };
}

test('target.preview prints whom a target selects', async () => {
  const { run } = await setUp();
  expect(await run(target, 'target.preview', ['G@os:Debian or N@web'])).toEqual(['web1', 'web2']);
  expect(await run(target, 'target.preview', ['*', 'glob'], { exclude: 'G@os:*' })).toEqual(['silent']);
});

test('target.explain says why, term by term', async () => {
  const { run } = await setUp();
  expect(await run(target, 'target.explain', ['G@os:Debian and not N@web', 'web1'])).toEqual({
    selected: false,
    terms: 'and: no\n  G@os:Debian: yes\n  not: no\n    web*: yes',
  });
  expect(await run(target, 'target.explain', ['G@os:Debian', 'silent'])).toEqual({
    selected: false,
    note: 'silent has told no grains',
    terms: 'G@os:Debian: no',
  });
  await expect(run(target, 'target.explain', ['*', 'nobody'])).rejects.toThrow("no accepted minion 'nobody'");
});

test('target.explain counts for all', async () => {
  const { run } = await setUp();
  expect(await run(target, 'target.explain', ['G@os:Debian or cache9'])).toEqual({
    selected: 3,
    of: 6,
    terms: 'or: 3\n  G@os:Debian: 2\n  cache9: 1',
  });
});

test('cache.grains prints what is known, also by grain', async () => {
  const { run } = await setUp();
  expect(await run(cache, 'cache.grains', ['os:Alpine', 'grain'])).toEqual({ cache9: targetFleet.cache9 });
  expect(Object.keys((await run(cache, 'cache.grains')) as object)).toEqual(Object.keys(targetFleet).sort());
});

test('what a minion could not read is told it in words', async () => {
  const { fleet } = await setUp();
  const words = async (...given: Parameters<typeof fleet.select>) => (await fleet.select(...given)).words;
  expect(await words('web*', 'glob')).toBeUndefined();
  expect(await words('G@os:Debian', 'compound')).toBeUndefined();
  expect(await words('web', 'nodegroup')).toEqual(['web*']);
  expect(await words('G@os:Debian and not N@web', 'compound')).toEqual(['G@os:Debian', 'and', '(', 'not', 'web*', ')']);
  expect(await words('os|Debian', 'grain', { delimiter: '|' })).toEqual(['G|@os|Debian']);
  expect(await words('*', 'glob', { exclude: 'web1' })).toEqual(['*', 'and', '(', 'not', 'web1', ')']);
});
