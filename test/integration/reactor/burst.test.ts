import { expect, test } from 'vitest';
import type { TypedReactor } from '../../../master/reactor/run_typed_reactor.ts';
import { openStore } from '../../../master/store/open_store.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import { defineReactor } from '../../../shared/plugin/reactor.ts';
import { globMatcher } from '../../../shared/target/glob.ts';
import { startReactorRig } from '../../support/reactor_rig.ts';
import { temporaryDir } from '../../support/temporary_dir.ts';

const EVENTS = 100_000;
const TAGS = 10;

/** Notes what is missing or out of order, tag by tag. */
function counter() {
  const last = new Map<string, number>();
  const wrong: string[] = [];
  const seen = { total: 0 };
  const spec = defineReactor({
    summary: 'Counts.',
    tag: 'burst/*',
    react(_context, { tag, data }) {
      const { n } = data as { n: number };
      const expected = last.has(tag) ? (last.get(tag) as number) + TAGS : Number(tag.split('/')[1]);
      if (n !== expected) wrong.push(`${tag}: ${n} in place of ${expected}`);
      last.set(tag, n);
      seen.total++;
    },
  });
  const typed: TypedReactor = { file: '/count', name: 'count', spec, matches: globMatcher(spec.tag) };
  return { typed, wrong, seen };
}

test('100,000 events in a burst: none is lost, in order for each tag, and memory is bounded', {
  timeout: 300_000,
}, async () => {
  const store = await openStore(temporaryDir(), { clock: systemClock, log: silentLogger });
  const { typed, wrong, seen } = counter();
  const rig = await startReactorRig({ typed: [typed], memory: store });
  let atATime = 0;
  const watch = setInterval(() => {
    atATime = Math.max(atATime, rig.reactor.status().in_flight);
  }, 1);
  // A thousand in a turn of the event loop: the log itself refuses more than 64 MiB that wait for the disk.
  for (let start = 0; start < EVENTS; start += 1000) {
    const stored = Array.from({ length: 1000 }, (_, n) => rig.fire(`burst/${(start + n) % TAGS}`, { n: start + n }));
    await Promise.all(stored);
  }
  await rig.settled();
  clearInterval(watch);
  expect(wrong).toEqual([]);
  expect(seen.total).toBe(EVENTS);
  expect(atATime).toBeLessThanOrEqual(1000);
  expect(rig.reactor.status()).toMatchObject({ events_matched: EVENTS, events_missed: 0, lag: 0, dead_letters: 0 });
  await rig.reactor.stop();
  await store.close();
});
