import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BatchPlan, type BatchState, createBatcher, nextBatchStep } from '../../../../master/jobs/batch.ts';
import { fakeClock } from '../../../support/fake_context.ts';

const fresh: BatchState = {
  waiting: ['a', 'b', 'c', 'd'],
  runningCount: 0,
  pausesUntilMs: [],
  failedCount: 0,
  lastReleaseMs: Number.NEGATIVE_INFINITY,
};
const plan = (more: Partial<BatchPlan> = {}): BatchPlan => ({ size: 2, wait_ms: 0, ...more });

describe('one step of a batch', () => {
  it.each<[string, BatchPlan, Partial<BatchState>, ReturnType<typeof nextBatchStep>]>([
    ['fills the window', plan(), {}, { release: ['a', 'b'] }],
    ['fills the places that are free', plan(), { runningCount: 1 }, { release: ['a'] }],
    ['waits when the window is full', plan(), { runningCount: 2 }, { release: [] }],
    [
      'keeps a place free during its pause',
      plan({ wait_ms: 50 }),
      { runningCount: 1, pausesUntilMs: [1050] },
      { release: [], wakeAtMs: 1050 },
    ],
    ['fills it after the pause', plan({ wait_ms: 50 }), { runningCount: 1, pausesUntilMs: [1000] }, { release: ['a'] }],
    [
      'stops at the limit of failures',
      plan({ failures_max: 1 }),
      { failedCount: 1 },
      { release: [], stop: '1 failed, which is the limit of this batch' },
    ],
    ['goes on below that limit', plan({ failures_max: 2 }), { failedCount: 1 }, { release: ['a', 'b'] }],
    [
      'keeps to its pace',
      plan({ per_second: 10, size: 4 }),
      { lastReleaseMs: 900 },
      { release: ['a'], wakeAtMs: 1100 },
    ],
    ['waits for its pace', plan({ per_second: 10, size: 4 }), { lastReleaseMs: 950 }, { release: [], wakeAtMs: 1050 }],
  ])('%s', (_name, aPlan, state, expected) => {
    expect(nextBatchStep(aPlan, { ...fresh, ...state }, 1000)).toEqual(expected);
  });
});

describe('a batch', () => {
  it('reaches each minion once, never more at a time than its size, whatever order they end in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 30 }),
        fc.infiniteStream(fc.nat()),
        (size, count, picks) => {
          const ids = Array.from({ length: count }, (_, index) => `m${index}`);
          const running = new Set<string>();
          const seen: string[] = [];
          const batcher = createBatcher({
            clock: fakeClock(),
            release: (_jid, released) => {
              for (const id of released) running.add(id);
              seen.push(...released);
            },
            stop: () => expect.unreachable('nothing fails'),
          });
          batcher.start('j', { size, wait_ms: 0 }, ids, []);
          while (running.size > 0) {
            expect(running.size).toBeLessThanOrEqual(size);
            const id = [...running][(picks.next().value as number) % running.size] as string;
            running.delete(id);
            batcher.ended('j', id, false);
          }
          expect(seen).toEqual(ids);
        },
      ),
    );
  });

  it('hands out nothing more after a failure when it must not', () => {
    const stopped: string[] = [];
    const released: string[] = [];
    const batcher = createBatcher({
      clock: fakeClock(),
      release: (_jid, ids) => void released.push(...ids),
      stop: (_jid, ids) => void stopped.push(...ids),
    });
    batcher.start('j', plan({ size: 1, failures_max: 1 }), ['a', 'b', 'c'], []);
    batcher.ended('j', 'a', true);
    expect({ released, stopped }).toEqual({ released: ['a'], stopped: ['b', 'c'] });
  });

  it('goes on where it was: what was handed out before a restart takes up its places', () => {
    const released: string[] = [];
    const batcher = createBatcher({
      clock: fakeClock(),
      release: (_jid, ids) => void released.push(...ids),
      stop: () => undefined,
    });
    batcher.start('j', plan(), ['c', 'd'], ['a', 'b']);
    expect(released).toEqual([]);
    batcher.ended('j', 'b', false);
    expect(released).toEqual(['c']);
  });

  it('waits out its pause by the clock', () => {
    const clock = fakeClock();
    const released: string[] = [];
    const batcher = createBatcher({ clock, release: (_jid, ids) => void released.push(...ids), stop: () => undefined });
    batcher.start('j', plan({ size: 1, wait_ms: 500 }), ['a', 'b'], []);
    batcher.ended('j', 'a', false);
    expect(released).toEqual(['a']);
    clock.advance(500);
    expect(released).toEqual(['a', 'b']);
  });

  it('keeps to its pace from the first minion on', () => {
    const clock = fakeClock();
    const released: string[] = [];
    const batcher = createBatcher({ clock, release: (_jid, ids) => void released.push(...ids), stop: () => undefined });
    batcher.start('j', plan({ size: 3, per_second: 10 }), ['a', 'b', 'c'], []);
    expect(released).toEqual(['a']);
    clock.advance(100);
    expect(released).toEqual(['a', 'b']);
    clock.advance(100);
    expect(released).toEqual(['a', 'b', 'c']);
  });
});
