import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type EventLog, openEventLog } from '../../../../master/events/event_log.ts';
import { openStore } from '../../../../master/store/open_store.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { createLogger, silentLogger } from '../../../../shared/log.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';
import { until } from '../../../support/until.ts';

function setUp({ keepMs = 0, bytesMax = 2 ** 30 } = {}) {
  const store = createMemoryStore();
  const clock = fakeClock();
  const logged: string[] = [];
  const log = createLogger([{ level: 'warning', format: 'text', write: (line) => logged.push(line) }], clock.nowMs);
  const open = () => openEventLog({ store, keepMs, bytesMax, clock, log });
  return { store, clock, logged, open, events: open() };
}

const tags = (events: EventLog, after = 0, limit = 100) => events.read(after, limit).map(({ tag }) => tag);
const full = new Error('no space left');

test('events are read after a cursor, oldest first, at most as many as asked for', async () => {
  const { events } = setUp();
  expect([events.firstCursor, events.lastCursor, tags(events)]).toEqual([1, 0, []]);
  const cursors = await Promise.all([1, 2, 3].map((n) => events.append(`a/${n}`, { n })));
  expect(cursors).toEqual([1, 2, 3]);
  expect(tags(events, 1)).toEqual(['a/2', 'a/3']);
  expect(tags(events, 0, 2)).toEqual(['a/1', 'a/2']);
  expect(events.read(2, 1)[0]).toMatchObject({ cursor: 3, tag: 'a/3', data: { n: 3 } });
});

test('all events of one turn are one commit, and nobody reads one that is not committed', async () => {
  const { store, events } = setUp();
  const commits: number[] = [];
  const stop = events.onCommit(() => commits.push(events.lastCursor));
  store.hold();
  const stored = [1, 2, 3].map((n) => events.append(`a/${n}`, {}));
  await until('the store is asked', () => store.waiting === 1);
  expect([events.lastCursor, tags(events), commits]).toEqual([0, [], []]);
  store.release();
  await Promise.all(stored);
  await until('the commit is told', () => commits.length > 0);
  expect([events.lastCursor, commits]).toEqual([3, [3]]);
  stop();
  await events.append('a/4', {});
  expect(commits).toEqual([3]);
});

test('commits that end together are told once, after the last of them', async () => {
  const { store, events } = setUp();
  const told: number[] = [];
  events.onCommit(() => told.push(events.lastCursor));
  const held = [1, 2, 3].map((n) => events.hold(`a/${n}`, Buffer.from('{}')));
  await store.write(held.map(({ change }) => change));
  for (const { settle } of held) settle(true);
  await until('they are told', () => told.length > 0);
  expect(told).toEqual([3]);
});

test('a sweep reads no further than the first event that stays', async () => {
  const { store, events, clock } = setUp({ keepMs: 1000 });
  for (const n of [1, 2, 3, 4]) await events.append(`a/${n}`, {});
  const { range } = store;
  let reads = 0;
  store.range = function* counted(...args) {
    for (const item of range(...args)) {
      reads++;
      yield item;
    }
  };
  expect([await events.sweep(), reads]).toEqual([0, 1]);
  clock.advance(5000);
  await events.append('a/5', {});
  expect(await events.sweep()).toBe(4);
});

test('cursors go on after a restart, also when all that could be removed is gone', async () => {
  const { events, open, clock } = setUp({ keepMs: 1000 });
  for (const n of [1, 2, 3]) await events.append(`a/${n}`, {});
  clock.advance(5000);
  expect(await events.sweep()).toBe(2);
  const again = open();
  expect([again.firstCursor, again.lastCursor]).toEqual([3, 3]);
  expect(await again.append('a/4', {})).toBe(4);
});

test('an event that is held is stored with its change, in its place in the order', async () => {
  const { store, events } = setUp();
  const before = events.append('a/before', {});
  const held = events.hold('a/held', Buffer.from('{"x":1}'));
  const after = events.append('a/after', {});
  await Promise.all([before, after]);
  expect(tags(events)).toEqual(['a/before']);
  await store.write([{ table: 'rows', key: ['1', 'm1'], value: {} }, held.change]);
  held.settle(true);
  expect(tags(events)).toEqual(['a/before', 'a/held', 'a/after']);
});

test('an event whose change could not be stored never was, and holds nobody up', async () => {
  const { events } = setUp();
  const held = events.hold('a/held', Buffer.from('{}'));
  const after = events.append('a/after', {});
  held.settle(false);
  expect(await after).toBe(2);
  expect(tags(events)).toEqual(['a/after']);
});

test('a full disk is told loudly, counted, and leaves a gap between the cursors', async () => {
  const { store, events, logged } = setUp();
  await events.append('a/1', {});
  store.hold();
  const lost = Promise.allSettled([events.append('a/2', {}), events.append('a/3', {})]);
  await until('the store is asked', () => store.waiting === 1);
  store.settle(full);
  expect((await lost).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  store.release();
  await events.append('a/4', {});
  expect(events.read(0, 9).map(({ cursor }) => cursor)).toEqual([1, 4]);
  expect(events.status()).toMatchObject({ first: 1, last: 4, lost: 2 });
  expect(logged).toEqual([
    expect.stringMatching(/events cannot be stored.*lost=2.*no space left/),
    expect.stringMatching(/events are stored again.*lost=2/),
  ]);
});

test('a disk that stays full is not told of for each event', async () => {
  const { store, events, logged, clock } = setUp();
  const fail = async (): Promise<void> => {
    store.hold();
    const failing = events.append('a/x', {}).catch(() => undefined);
    await until('the store is asked', () => store.waiting === 1);
    store.settle(full);
    await failing;
  };
  for (let n = 0; n < 5; n++) await fail();
  clock.advance(10_000);
  await fail();
  expect(logged.map((line) => /lost=(\d+)/.exec(line)?.[1])).toEqual(['1', '5']);
});

test('the oldest go when they are too old or too many, and the newest stays', async () => {
  const { events, clock } = setUp({ keepMs: 10_000, bytesMax: 1000 });
  for (let n = 1; n <= 30; n++) await events.append(`a/${n}`, { n });
  expect(await events.sweep()).toBeGreaterThan(0);
  const { bytes, first } = events.status();
  expect(bytes).toBeLessThanOrEqual(1000);
  expect(tags(events)[0]).toBe(`a/${first}`);
  expect(tags(events).at(-1)).toBe('a/30');
  clock.advance(10_001);
  await events.sweep();
  expect(tags(events)).toEqual(['a/30']);
});

test('a sweep takes little at a time', async () => {
  const { store, events, clock } = setUp({ keepMs: 1 });
  await Promise.all(Array.from({ length: 1200 }, (_, n) => events.append(`a/${n}`, {})));
  clock.advance(5);
  store.hold();
  const sweeping = events.sweep();
  expect(events.sweep()).toBe(sweeping);
  let writes = 0;
  for (; events.firstCursor < 1200; writes++) {
    const before = events.firstCursor;
    store.settle();
    await until('a part is swept', () => events.firstCursor > before);
  }
  expect([writes, await sweeping]).toEqual([3, 1199]);
});

test('the place from a time on is found', async () => {
  const { events, clock } = setUp();
  const startMs = clock.nowMs();
  expect(events.cursorBefore(startMs)).toBe(0);
  for (let n = 1; n <= 20; n++) {
    await events.append(`a/${n}`, {});
    clock.advance(1000);
  }
  expect(events.cursorBefore(0)).toBe(0);
  expect(tags(events, events.cursorBefore(startMs + 15_000))[0]).toBe('a/16');
  expect(tags(events, events.cursorBefore(startMs + 14_500))[0]).toBe('a/16');
  expect(events.cursorBefore(clock.nowMs())).toBe(20);
});

test('a reader finds its place again after a restart, and its lag is shown', async () => {
  const { events, open } = setUp();
  for (const n of [1, 2, 3]) await events.append(`a/${n}`, {});
  expect(events.cursorOf('reactor')).toBeUndefined();
  await events.saveCursor('reactor', 1);
  const again = open();
  expect(again.cursorOf('reactor')).toBe(1);
  expect(again.status().readers).toEqual({ reactor: { cursor: 1, lag: 2 } });
});

test('in LMDB it is the same, across a restart', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'brine-events-'));
  const options = { keepMs: 0, bytesMax: 4000, clock: fakeClock(), log: createLogger([], () => 0) };
  let store = await openStore(directory, { clock: systemClock, log: silentLogger });
  onTestFinished(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });
  const events = openEventLog({ ...options, store });
  await Promise.all(Array.from({ length: 300 }, (_, n) => events.append(`a/${n + 1}`, { n })));
  await events.saveCursor('reactor', 299);
  await events.sweep();
  const { first, bytes } = events.status();
  await store.close();
  store = await openStore(directory, { clock: systemClock, log: silentLogger });
  const again = openEventLog({ ...options, store });
  expect(again.status()).toEqual({ first, last: 300, bytes, lost: 0, readers: { reactor: { cursor: 299, lag: 1 } } });
  expect(again.read(299, 10).map(({ cursor, data }) => [cursor, data])).toEqual([[300, { n: 299 }]]);
  expect(again.read(0, 1)[0]?.tag).toBe(`a/${first}`);
  expect(await again.append('a/301', {})).toBe(301);
});
