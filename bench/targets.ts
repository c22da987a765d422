import { openGrainCache } from '../master/grains/grain_cache.ts';
import { createGrainIndex } from '../master/grains/grain_index.ts';
import { openStore } from '../master/store/open_store.ts';
import { systemClock } from '../shared/clock.ts';
import { silentLogger } from '../shared/log.ts';
import { parseTarget } from '../shared/target/parse_target.ts';
import { asks, compileTarget } from '../shared/target/target.ts';
import { defineBenchmark } from './lib/benchmark.ts';
import { type Measure, ratios } from './lib/measure.ts';

const MINIONS = 10_000;
const GRAINS = 200;
const RUNS = 15;

const TARGETS = [
  'web1*',
  'L@web17,db4711,nobody',
  'G@os:Debian',
  'P@osrelease:^1[12]$',
  'S@10.3.0.0/16',
  'G@os:Debian and ( web1* or G@role:db ) and not S@10.3.0.0/16',
];

const os = ['Debian', 'Ubuntu', 'CentOS', 'Alpine', 'SUSE'];
const roles = ['web', 'db', 'cache', 'queue'];

function grainsOf(index: number): Record<string, unknown> {
  const more = Array.from({ length: GRAINS - 5 }, (_, grain) => [`grain${grain}`, `value ${(index * grain) % 97}`]);
  return {
    ...Object.fromEntries(more),
    os: os[index % os.length],
    osrelease: String(9 + (index % 5)),
    role: roles[index % roles.length],
    roles: [roles[index % roles.length], 'all'],
    ipv4: ['127.0.0.1', `10.${index % 7}.${index >> 8}.${index & 255}`],
  };
}

export default defineBenchmark({
  summary: 'Targets over 10,000 minions with 200 grains each: with the index of the master, and asking each minion.',
  async run({ home, minions: count = MINIONS, runs = RUNS, progress }) {
    const store = await openStore(home, { clock: systemClock, log: silentLogger });
    const cache = await openGrainCache(store);
    const index = createGrainIndex(cache);
    const ids = Array.from({ length: count }, (_, number) => `${number % 2 === 0 ? 'web' : 'db'}${number}`);
    progress(`storing the grains of ${count} minions …`);
    await Promise.all(ids.map((id, number) => cache.put(id, 'hash', grainsOf(number))));
    const all = new Set(ids);
    const measures: Measure[] = [];
    for (const text of TARGETS) {
      progress(`${text} …`);
      const target = await compileTarget(parseTarget(text, 'compound'));
      const firstMs = await time(() => index.select(target, all));
      const indexed: number[] = [];
      const asked: number[] = [];
      for (let run = 0; run < runs; run++) {
        indexed.push(await time(() => index.select(target, all)));
        asked.push(await time(() => ids.filter((id) => asks(target, { id, grains: cache.of(id) }))));
      }
      measures.push(
        { name: `${text}: the first time`, unit: 'ms', values: [firstMs] },
        { name: text, unit: 'ms', values: indexed, bar: { max: 10 } },
        { name: `${text} / asking each`, unit: 'x', values: ratios(indexed, asked) },
      );
    }
    await store.close();
    return measures;
  },
});

async function time(thing: () => unknown): Promise<number> {
  const from = performance.now();
  await thing();
  return performance.now() - from;
}
