import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createGrainCache, type GrainCache, openGrainCache } from '../../../../master/grains/grain_cache.ts';
import { createGrainIndex } from '../../../../master/grains/grain_index.ts';
import { parseTarget } from '../../../../shared/target/parse_target.ts';
import { asks, compileTarget } from '../../../../shared/target/target.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';
import { targetFleet } from '../../../support/target_fleet.ts';

const compile = (tgt: string) => compileTarget(parseTarget(tgt, 'compound'));

async function setUp(): Promise<{ cache: GrainCache; select(tgt: string, ids?: Iterable<string>): Promise<string[]> }> {
  const cache = createGrainCache(createMemoryStore());
  for (const [id, grains] of Object.entries(targetFleet)) await cache.put(id, 'hash', grains);
  const index = createGrainIndex(cache);
  return {
    cache,
    select: async (tgt, ids = Object.keys(targetFleet)) =>
      [...(await index.select(await compile(tgt), new Set(ids)))].sort(),
  };
}

const word = fc.constantFrom(
  ...['*', 'web*', 'web1', 'nobody', 'E@db', 'L@web1,db1', 'G@os:Debian', 'G@os:*', 'G@roles:web', 'G@roles:*e*'],
  ...[
    'G@nested:env:prod',
    'G@nested:env',
    'G@*:web',
    'P@os:(debian|alpine)',
    'S@10.0.1.0/24',
    'G@disks:name:sda',
    'G@none:None',
  ],
);
const expression = fc.letrec<{ term: string; any: string }>((tie) => ({
  term: fc.oneof(
    { depthSize: 'small' },
    word,
    tie('any').map((inner) => `( ${inner} )`),
    word.map((one) => `not ${one}`),
  ),
  any: fc
    .tuple(tie('term'), fc.array(fc.tuple(fc.constantFrom('and', 'or', 'and not'), tie('term')), { maxLength: 3 }))
    .map(([first, more]) => [first, ...more.map(([operator, term]) => `${operator} ${term}`)].join(' ')),
})).any;

test('the index selects whom asking each minion selects, whatever the target', async () => {
  const { cache, select } = await setUp();
  await fc.assert(
    fc.asyncProperty(expression, async (tgt) => {
      const target = await compile(tgt);
      const asked = Object.keys(targetFleet).filter((id) => asks(target, { id, grains: cache.of(id) }));
      expect(await select(tgt)).toEqual(asked.sort());
    }),
    { seed: 20261126, numRuns: 300 },
  );
});

test('grains that change, come and go are found at their new place', async () => {
  const { cache, select } = await setUp();
  expect(await select('G@os:Alpine')).toEqual(['cache9']);
  await cache.put('cache9', 'other', { os: 'Debian' });
  expect([await select('G@os:Alpine'), await select('G@os:Debian')]).toEqual([[], ['cache9', 'web1', 'web2']]);
  await cache.put('new1', 'hash', { os: 'Alpine' });
  expect(await select('G@os:Alpine', ['new1', 'web1'])).toEqual(['new1']);
  await cache.remove('web1');
  expect(await select('G@os:Debian')).toEqual(['cache9', 'web2']);
});

test('only those are selected that are asked about', async () => {
  const { select } = await setUp();
  expect(await select('G@os:Debian or db1', ['web2', 'nobody'])).toEqual(['web2']);
});

test('many names may be asked for: those that were asked for long ago are read anew', async () => {
  const { select } = await setUp();
  for (let count = 0; count < 70; count++) expect(await select(`G@grain${count}:x`)).toEqual([]);
  expect(await select('G@os:Debian')).toEqual(['web1', 'web2']);
});

test('grains outlive the process that was told them', async () => {
  const store = createMemoryStore();
  await (await openGrainCache(store)).put('m1', 'hash', { os: 'Debian' });
  const again = await openGrainCache(store);
  expect([again.hashOf('m1'), again.of('m1')]).toEqual(['hash', { os: 'Debian' }]);
  await again.remove('m1');
  expect((await openGrainCache(store)).of('m1')).toBeUndefined();
});

/** Longer than one piece of work may keep the event loop. */
const LONG_MS = 10;

test('a fleet that must be asked one by one is, with other work in between, and what changes meanwhile counts', async () => {
  const cache = createGrainCache(createMemoryStore());
  const ids = Array.from({ length: 200 }, (_, n) => `n${n}`);
  for (const id of ids)
    await cache.put(id, 'hash', { os: 'Debian', role: 'web', addresses: { eth0: [`10.0.0.${id.length}`] } });
  const ofSlowly = (id: string) => {
    const untilMs = performance.now() + (id === 'n50' ? LONG_MS : 0);
    while (performance.now() < untilMs);
    return cache.of(id);
  };
  const index = createGrainIndex({ ...cache, of: ofSlowly });
  for (const [tgt, count] of [
    ['G@addresses:eth0:10.0.0.3', 90],
    ['E@n1.*', 111],
    ['G@os:Debian', 200],
  ] as const) {
    const target = await compile(tgt);
    const order: string[] = [];
    setImmediate(() => order.push('other work'));
    const selecting = Promise.all([index.select(target, new Set(ids)), index.select(target, new Set(ids))]);
    const both = await selecting.finally(() => order.push('selected'));
    expect(both.map(({ size }) => size)).toEqual([count, count]);
    expect(order).toEqual(['other work', 'selected']);
  }
  const filling = index.select(await compile('G@role:web'), new Set(ids));
  await cache.put('n1', 'hash', {});
  const filled = await filling;
  expect([filled.size, filled.has('n1')]).toEqual([199, false]);
});

test('grains of many minions are read with other work in between', async () => {
  const store = createMemoryStore();
  const ids = Array.from({ length: 2000 }, (_, n) => `n${n}`);
  await store.write(ids.map((id) => ({ table: 'grains', key: [id], value: { hash: 'hash', grains: { id } } })));
  let isOver = false;
  const opened = openGrainCache(store).finally(() => {
    isOver = true;
  });
  await new Promise(setImmediate);
  expect(isOver).toBe(false);
  expect([...(await opened).ids()].sort()).toEqual(ids.sort());
});
