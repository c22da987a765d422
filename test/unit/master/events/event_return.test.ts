import { describe, expect, test } from 'vitest';
import {
  createEventReturn,
  type EventReturn,
  type EventReturnOptions,
} from '../../../../master/events/event_return.ts';
import { silentLogger } from '../../../../shared/log.ts';
import type { StoredEvent } from '../../../../shared/plugin/returner.ts';
import { type FakeClock, fakeClock } from '../../../support/fake_context.ts';

interface Setup extends EventReturn {
  /** What the queue was given, entry by entry. */
  readonly entries: (readonly StoredEvent[])[];
  readonly clock: FakeClock;
  /** The disk is done with the entry that is being written. */
  written(): Promise<void>;
}

function setup(options: Partial<EventReturnOptions> = {}): Setup {
  const entries: (readonly StoredEvent[])[] = [];
  const clock = fakeClock();
  let finish = (): void => undefined;
  const eventReturn = createEventReturn({
    queue: {
      add(_destinations, delivery) {
        if (delivery.kind === 'events') entries.push(delivery.value);
        return new Promise((resolve) => {
          finish = resolve;
        });
      },
    },
    destinations: [{ returner: 'sink' }],
    whitelist: [],
    blacklist: [],
    queueSize: 0,
    queueMaxMs: 0,
    clock,
    log: silentLogger,
    ...options,
  });
  return {
    ...eventReturn,
    entries,
    clock,
    async written() {
      finish();
      // What was waiting for the disk goes on in the next turn.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const tags = (entries: Setup['entries']): string[][] => entries.map((events) => events.map(({ tag }) => tag));

describe('event_return', () => {
  test('keeps each event at once when event_return_queue is 0', () => {
    const { accept, entries } = setup();
    accept('salt/a', { n: 1 });
    expect(entries).toEqual([[{ tag: 'salt/a', data: { n: 1 } }]]);
  });

  test('puts together what comes while the disk is busy', async () => {
    const { accept, flush, entries, written } = setup();
    for (const tag of ['a', 'b', 'c']) accept(tag, {});
    expect(tags(entries)).toEqual([['a']]);
    await written();
    expect(tags(entries)).toEqual([['a'], ['b', 'c']]);
    const flushed = flush();
    await written();
    await flushed;
    accept('d', {});
    expect(tags(entries)).toEqual([['a'], ['b', 'c'], ['d']]);
  });

  test('collects as many as event_return_queue says', () => {
    const { accept, entries } = setup({ queueSize: 3 });
    for (const tag of ['a', 'b']) accept(tag, {});
    expect(entries).toEqual([]);
    accept('c', {});
    expect(tags(entries)).toEqual([['a', 'b', 'c']]);
  });

  test('collects no longer than event_return_queue_max_seconds', () => {
    const { accept, entries, clock } = setup({ queueSize: 100, queueMaxMs: 5000 });
    accept('a', {});
    clock.advance(4000);
    accept('b', {});
    expect(entries).toEqual([]);
    clock.advance(1000);
    expect(tags(entries)).toEqual([['a', 'b']]);
  });

  test('hands over what it collected when the master stops', async () => {
    const { accept, flush, entries, written } = setup({ queueSize: 100 });
    accept('a', {});
    const flushed = flush();
    expect(tags(entries)).toEqual([['a']]);
    await written();
    await flushed;
  });

  test('has a blacklist that is stronger than the whitelist, both of globs', () => {
    const { accept, entries } = setup({ queueSize: 4, whitelist: ['salt/job/*', 'my/*'], blacklist: ['*/prog/*'] });
    for (const tag of [
      'salt/job/1/new',
      'salt/auth',
      'salt/job/1/prog/m1/0',
      'my/own',
      'my',
      'salt/job/1/ret/m1',
      'my/x',
    ]) {
      accept(tag, {});
    }
    expect(tags(entries)).toEqual([['salt/job/1/new', 'my/own', 'salt/job/1/ret/m1', 'my/x']]);
  });

  test('hides secrets among what an operator typed in, and nothing else', () => {
    const { accept, entries } = setup();
    accept('salt/job/1/new', { arg: ['x', { password: 'p' }], return: { token: 'kept' } });
    expect(entries[0]?.[0]?.data).toEqual({ arg: ['x', { password: '**********' }], return: { token: 'kept' } });
  });

  test('does nothing where no returner is named', () => {
    const { accept, entries } = setup({ destinations: [] });
    accept('a', {});
    expect(entries).toEqual([]);
  });

  test('stays bounded when events come faster than the disk takes them, and keeps the newest', async () => {
    const { accept, entries, written } = setup();
    for (let n = 0; n < 20_000; n++) accept(`t/${n}`, {});
    for (let round = 0; round < 30; round++) await written();
    const stored = entries.flat().map(({ tag }) => tag);
    expect(stored.length).toBeLessThanOrEqual(10_001);
    expect(stored.at(-1)).toBe('t/19999');
    expect(Math.max(...entries.map((events) => events.length))).toBeLessThanOrEqual(500);
  });
});
