import { cp, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { Engine } from '../../../../master/store/engine.ts';
import { openJournaledStore } from '../../../../master/store/journaled_store.ts';
import { openLmdbEngine } from '../../../../master/store/lmdb_engine.ts';
import { openStore } from '../../../../master/store/open_store.ts';
import type { Change, RangeOptions, Store, StoreKey } from '../../../../master/store/store.ts';
import { FleetError } from '../../../../shared/errors.ts';
import { createLogger, silentLogger } from '../../../../shared/log.ts';
import { decodeStored, encodePayload } from '../../../../shared/protocol/codec.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';
import { until } from '../../../support/until.ts';

const put = (key: StoreKey, value: unknown = key.join('/')): Change => ({ table: 'rows', key, value });
const remove = (key: StoreKey): Change => ({ table: 'rows', key, value: undefined });
const keysOf = (store: Store, options?: RangeOptions): string[] =>
  [...store.range('rows', options)].map(({ key }) => key.join('/'));

/** A store whose clock stands still, so that nothing is applied until `clock.advance`. */
async function setUp(directory = temporaryDir(), wrap: (engine: Engine) => Engine = (engine) => engine) {
  const clock = fakeClock();
  const lines: string[] = [];
  const log = createLogger([{ level: 'info', format: 'text', write: (line) => lines.push(line) }], () => 0);
  const engine = openLmdbEngine(directory, () => undefined);
  const path = join(directory, 'journal');
  const store = await openJournaledStore({ path, engine: wrap(engine), checkRoom: () => undefined, clock, log });
  onTestFinished(() => store.close());
  return { store, engine, directory, path, clock, lines };
}

test('a write is in the journal and not yet in LMDB, and is answered for all that', async () => {
  const { store, engine } = await setUp();
  await store.write([put(['1', 'a']), put(['2'])]);
  expect(engine.get('rows', ['2'])).toBeUndefined();
  expect(store.get('rows', ['2'])).toBe('2');
  expect(keysOf(store)).toEqual(['1/a', '2']);
});

test('a moment later all that was written is in LMDB, by one commit', async () => {
  let commits = 0;
  const { store, engine, clock } = await setUp(undefined, (own) => ({
    ...own,
    commit: (changes) => {
      commits++;
      return own.commit(changes);
    },
  }));
  await store.write([put(['1'], 'old')]);
  await store.write([put(['1'], 'new')]);
  await store.write([put(['2'])]);
  clock.advance(50);
  await until('it is in LMDB', () => engine.get('rows', ['2']) !== undefined);
  expect(store.get('rows', ['1'])).toBe('new');
  expect(commits).toBe(1);
});

test('of very much that is pending some goes into LMDB at a time, and all of it is there in the end', async () => {
  const sizes: number[] = [];
  const { store, engine, clock } = await setUp(undefined, (own) => ({
    ...own,
    commit(changes) {
      sizes.push(changes.length);
      return own.commit(changes);
    },
  }));
  const count = 2500;
  await store.write(Array.from({ length: count }, (_, n) => put([n])));
  await until('all of it is in LMDB', () => {
    clock.advance(50);
    return [...engine.keys('rows')].length === count;
  });
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1024);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
});

test('of much that is to be written some goes into the journal at a time, however few values it is', async () => {
  const { store } = await setUp();
  const large = 'x'.repeat(20_000);
  let done = 0;
  const writes = Array.from({ length: 500 }, (_, n) => store.write([put([n], large)]).then(() => done++));
  await writes[0];
  // All that was in its write of the journal is told now.
  await new Promise((resolve) => setImmediate(resolve));
  expect(done).toBeLessThan(250);
  await Promise.all(writes);
  expect(keysOf(store)).toHaveLength(500);
});

test('a store that is closed with very much pending leaves none of it in its journal', async () => {
  const { store, path, directory } = await setUp();
  await store.write(Array.from({ length: 2500 }, (_, n) => put([n])));
  await store.close();
  expect((await stat(path)).size).toBe(0);
  const { store: next } = await setUp(directory);
  expect(keysOf(next)).toHaveLength(2500);
});

test('what a killed process left in the journal is in the store of the next', async () => {
  const { store, directory } = await setUp();
  await store.write([put(['1']), put(['2'])]);
  await store.write([remove(['1']), put(['3'], new Uint8Array([0, 255]))]);
  // As the files are at this moment, which is what a kill would leave.
  const left = temporaryDir();
  await cp(directory, left, { recursive: true });
  const next = await openStore(left, { clock: fakeClock(), log: silentLogger });
  onTestFinished(() => next.close());
  expect(keysOf(next)).toEqual(['2', '3']);
  expect(next.get('rows', ['3'])).toEqual(Buffer.from([0, 255]));
  // It is in LMDB now, and no longer in the journal.
  expect((await stat(join(left, 'journal'))).size).toBe(0);
});

test('a write of no changes leaves no hole in the journal, behind which all would be dropped', async () => {
  const { store, directory } = await setUp();
  await store.write([put(['1'])]);
  await store.write([]);
  await store.write([put(['2'])]);
  const left = temporaryDir();
  await cp(directory, left, { recursive: true });
  const { store: next, lines } = await setUp(left);
  expect(keysOf(next)).toEqual(['1', '2']);
  expect(lines).toEqual([]);
});

test('a record that is not whole was never acknowledged: it is dropped, and said', async () => {
  const { store, path, directory } = await setUp();
  await store.write([put(['1'])]);
  await store.write([put(['2']), put(['3'])]);
  const left = temporaryDir();
  await cp(directory, left, { recursive: true });
  const journal = await readFile(path);
  const end = journal.length - [...journal].reverse().findIndex((byte) => byte !== 0);
  journal[end - 1]! ^= 1;
  await writeFile(join(left, 'journal'), journal);
  const { store: next, lines } = await setUp(left);
  expect(keysOf(next)).toEqual(['1']);
  expect(lines.join()).toContain('the end of the journal of the store is not whole and is dropped');
});

test('a record that is damaged on disk costs no other, and what those behind it changed stays changed', async () => {
  const { store, path, directory } = await setUp();
  await store.write([put(['1'], 'first')]);
  await store.write([put(['2'], 'damaged')]);
  await store.write([remove(['1']), put(['3'])]);
  const left = temporaryDir();
  await cp(directory, left, { recursive: true });
  const journal = await readFile(path);
  journal.write('DAMAGED', journal.indexOf('damaged'));
  await writeFile(join(left, 'journal'), journal);
  const { store: next, lines } = await setUp(left);
  expect(keysOf(next)).toEqual(['3']);
  expect(lines).toEqual([expect.stringContaining('a part of the journal of the store is damaged and left out')]);
});

test('a store that is closed leaves nothing in its journal', async () => {
  const { store, path, directory } = await setUp();
  await store.write([put(['1'])]);
  await store.close();
  expect((await stat(path)).size).toBe(0);
  const { store: next } = await setUp(directory);
  expect(store).not.toBe(next);
  expect(keysOf(next)).toEqual(['1']);
});

test('what LMDB cannot take waits in the journal, is said once, and goes in later', async () => {
  let isFull = true;
  const { store, engine, clock, lines } = await setUp(undefined, (own) => ({
    ...own,
    async commit(changes) {
      if (isFull) throw new FleetError('FILE_UNREADABLE', 'the disk is full');
      await own.commit(changes);
    },
  }));
  await store.write([put(['1'])]);
  clock.advance(50);
  await until('it is said', () => lines.length === 1);
  expect(lines[0]).toContain('changes wait in the journal of the store');
  await store.write([put(['2'])]);
  clock.advance(1000);
  expect(keysOf(store)).toEqual(['1', '2']);
  isFull = false;
  await until('both are in LMDB', () => {
    clock.advance(1000);
    return engine.get('rows', ['1']) !== undefined && engine.get('rows', ['2']) !== undefined;
  });
  expect(lines).toHaveLength(1);
});

test('when the journal cannot be written, nothing of the write is there and the writer is told why', async () => {
  const full = new FleetError('FILE_UNREADABLE', 'its disk has 0 bytes left');
  const directory = temporaryDir();
  const engine = openLmdbEngine(directory, () => undefined);
  const store = await openJournaledStore({
    path: join(directory, 'journal'),
    engine,
    checkRoom() {
      throw full;
    },
    clock: fakeClock(),
    log: silentLogger,
  });
  onTestFinished(() => store.close());
  await expect(store.write([put(['1'])])).rejects.toBe(full);
  expect(keysOf(store)).toEqual([]);
});

test('a journal that has grown large begins anew, with nothing lost', async () => {
  const { store, path } = await setUp();
  const much = 'x'.repeat(5 * 1024 ** 2);
  for (let n = 0; n < 5; n++) await store.write([put([n], much)]);
  expect((await stat(path)).size).toBeLessThan(16 * 1024 ** 2);
  expect(keysOf(store)).toEqual(['0', '1', '2', '3', '4']);
  expect(store.get('rows', [0])).toBe(much);
});

const part = fc.oneof(fc.constantFrom('', 'a', 'b', 'ab', 'é', '1'), fc.integer({ min: -3, max: 12 }));
const anyKey = fc.array(part, { minLength: 1, maxLength: 3 });
const anyWrite = fc.record({
  changes: fc.array(fc.tuple(anyKey, fc.option(fc.integer(), { nil: undefined })), { maxLength: 5 }),
  /** What is pending begins to go into LMDB after this write, while others go on. */
  isApplied: fc.boolean(),
});
const anyPrefix = fc.array(part, { maxLength: 2 });
const withinPrefix = fc.tuple(anyPrefix, anyKey).map(([prefix, rest]) => ({ prefix, after: [...prefix, ...rest] }));
const anyRange = fc
  .tuple(
    fc.oneof(fc.record({ prefix: anyPrefix }), fc.record({ after: anyKey }), withinPrefix, fc.constant({})),
    fc.record({ reverse: fc.boolean(), limit: fc.integer({ min: 1, max: 4 }) }, { requiredKeys: [] }),
  )
  .map(([bounds, rest]): RangeOptions => ({ ...bounds, ...rest }));

test('whatever is pending, a range is what it is in LMDB alone', async () => {
  const { store, clock } = await setUp();
  const alone = openLmdbEngine(temporaryDir(), () => undefined);
  onTestFinished(() => alone.close());
  const property = fc.asyncProperty(
    fc.array(anyWrite, { maxLength: 4 }),
    fc.array(anyRange, { minLength: 1, maxLength: 4 }),
    async (writes, ranges) => {
      for (const { changes, isApplied } of writes) {
        await store.write(changes.map(([key, value]) => ({ table: 'rows', key, value })));
        await alone.commit(
          changes.map(([key, value]) => ({
            table: 'rows',
            key,
            bytes: value === undefined ? undefined : encodePayload(value, 'cbor'),
          })),
        );
        if (isApplied) clock.advance(50);
      }
      for (const options of ranges) {
        const expected = [...alone.range('rows', options)].map(({ key, bytes }) => [key, decodeStored(bytes)]);
        expect([...store.range('rows', options)].map(({ key, value }) => [key, value])).toEqual(expected);
        expect([...store.keys('rows', options)]).toEqual(expected.map(([key]) => key));
        for (const [key, value] of expected) expect(store.get('rows', key as StoreKey)).toBe(value);
      }
    },
  );
  await fc.assert(property, { numRuns: 150 });
});
