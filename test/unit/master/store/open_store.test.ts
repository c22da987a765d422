import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { openLmdbEngine } from '../../../../master/store/lmdb_engine.ts';
import { openStore } from '../../../../master/store/open_store.ts';
import type { RangeOptions, Store, StoreKey } from '../../../../master/store/store.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { limitFileSize } from '../../../support/file_size_limit.ts';

const open = (path: string): Promise<Store> => openStore(path, { clock: systemClock, log: silentLogger });

let directory: string;
let store: Store;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'brine-store-'));
  store = await open(join(directory, 'store'));
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

test('a file that LMDB did not write is refused, and left as it is', async () => {
  const folder = join(directory, 'broken');
  await mkdir(folder);
  await writeFile(join(folder, 'data.mdb'), 'garbage');
  await expect(open(folder)).rejects.toEqual(
    expect.objectContaining({
      code: 'FILE_UNREADABLE',
      message: `${folder}/data.mdb cannot be opened: it is not a store of jobs`,
    }),
  );
  expect(await readFile(join(folder, 'data.mdb'), 'utf8')).toBe('garbage');
});

test('a page that a file lacks which was cut off is told, and does not end the process', async () => {
  await store.write(Array.from({ length: 500 }, (_, n) => put([n], 'x'.repeat(500))));
  await store.close();
  const path = join(directory, 'store', 'data.mdb');
  await truncate(path, 8192);
  const read = async (): Promise<void> => {
    store = await open(join(directory, 'store'));
    store.get('rows', [499]);
  };
  await expect(read()).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining(`${path} cannot be used: MDB_CORRUPTED`),
  });
});

test('why LMDB could not commit is told, and is taken for no bug', async () => {
  const unheard: unknown[] = [];
  const hear = (error: unknown): unknown => unheard.push(error);
  process.on('unhandledRejection', hear);
  onTestFinished(() => void process.off('unhandledRejection', hear));
  const engine = openLmdbEngine(join(directory, 'other'), () => undefined);
  const allow = limitFileSize(8192);
  const changes = [1, 2, 3].map((n) => ({ table: 'rows', key: [n], bytes: Buffer.alloc(9000) }) as const);
  await expect(engine.commit(changes)).rejects.toThrow(/other\/data\.mdb cannot be used: File too large/);
  allow();
  await engine.commit(changes);
  await engine.close();
  expect(unheard).toEqual([]);
});

const put = (key: StoreKey, value: unknown = key.join('/')) => ({ table: 'rows', key, value }) as const;
const keys = (options?: RangeOptions): string[] => [...store.range('rows', options)].map(({ key }) => key.join('/'));

test('what was written is there, also when the store is opened again', async () => {
  await store.write([put(['1', 'm1'], { state: 'running' })]);
  expect(store.get('rows', ['1', 'm1'])).toEqual({ state: 'running' });
  await store.close();
  store = await open(join(directory, 'store'));
  expect(store.get('rows', ['1', 'm1'])).toEqual({ state: 'running' });
  expect(store.get('rows', ['1', 'm2'])).toBeUndefined();
  expect(store.get('jobs', ['1', 'm1'])).toBeUndefined();
});

test.each([
  ['bytes', new Uint8Array([0, 1, 255])],
  ['text of any script', 'é日本🎉\n\0'],
  ['numbers', [0, -1, 0.5, 2 ** 40, -(2 ** 40)]],
  ['nothing', null],
  ['nested values', { a: [{ b: [true, false, null] }], '': {} }],
  ['much', 'x'.repeat(200_000)],
])('keeps %s', async (_what, value) => {
  await store.write([put(['1'], value)]);
  await store.close();
  store = await open(join(directory, 'store'));
  const kept = store.get('rows', ['1']);
  expect(value instanceof Uint8Array ? Buffer.from(kept as Uint8Array) : kept).toEqual(
    value instanceof Uint8Array ? Buffer.from(value) : value,
  );
});

test('a range is in the order of its keys, and the other way round', async () => {
  await store.write([put(['2', 'b']), put(['1', 'c']), put(['10', 'a']), put(['2', 'a']), put(['1'])]);
  expect(keys()).toEqual(['1', '1/c', '10/a', '2/a', '2/b']);
  expect(keys({ reverse: true })).toEqual(['2/b', '2/a', '10/a', '1/c', '1']);
  expect(keys({ limit: 2 })).toEqual(['1', '1/c']);
  expect(keys({ limit: 2, reverse: true })).toEqual(['2/b', '2/a']);
});

test('a prefix is whole parts of a key, not the beginning of one', async () => {
  await store.write([
    put(['1']),
    put(['1', 'a']),
    put(['1', 'b', 'c']),
    put(['10', 'a']),
    put(['0', 'z']),
    put(['11']),
  ]);
  expect(keys({ prefix: ['1'] })).toEqual(['1', '1/a', '1/b/c']);
  expect(keys({ prefix: ['1'], reverse: true })).toEqual(['1/b/c', '1/a', '1']);
  expect(keys({ prefix: ['1', 'b'] })).toEqual(['1/b/c']);
  expect(keys({ prefix: ['1'], limit: 1 })).toEqual(['1']);
  expect(keys({ prefix: ['2'] })).toEqual([]);
});

test('a range goes on after a key, in either direction and within a prefix', async () => {
  await store.write([put(['0', 'z']), put(['1', 'a']), put(['1', 'b']), put(['1', 'c']), put(['2'])]);
  expect(keys({ after: ['1', 'b'] })).toEqual(['1/c', '2']);
  expect(keys({ after: ['1', 'b'], reverse: true })).toEqual(['1/a', '0/z']);
  expect(keys({ prefix: ['1'], after: ['1', 'b'] })).toEqual(['1/c']);
  expect(keys({ prefix: ['1'], after: ['1', 'b'], reverse: true })).toEqual(['1/a']);
  expect(keys({ after: ['1', 'bb'], reverse: true, limit: 1 })).toEqual(['1/b']);
});

test('numbers in keys are in the order of numbers', async () => {
  await store.write([9, 100, -1, 10].map((number) => put(['n', number])));
  expect(keys({ prefix: ['n'] })).toEqual(['n/-1', 'n/9', 'n/10', 'n/100']);
});

test('a value that is undefined removes its key, and what is not there may be removed', async () => {
  await store.write([put(['1']), put(['2'])]);
  await store.write([
    { table: 'rows', key: ['1'], value: undefined },
    { table: 'rows', key: ['3'], value: undefined },
  ]);
  expect(keys()).toEqual(['2']);
});

test('changes go together: when one of them cannot be written, none is', async () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  await expect(store.write([put(['1']), put(['2'], cyclic), put(['3'])])).rejects.toThrow();
  expect(keys()).toEqual([]);
  await store.write([put(['4'])]);
  expect(keys()).toEqual(['4']);
});

test('writes of one turn all arrive, in their order', async () => {
  await Promise.all(Array.from({ length: 200 }, (_, index) => store.write([put(['1'], index), put(['n', index])])));
  expect(store.get('rows', ['1'])).toBe(199);
  expect(keys({ prefix: ['n'] })).toHaveLength(200);
});

test('what is asked for while the master stops is told as that', async () => {
  await store.write([put(['1', 'm1'])]);
  await store.close();
  const stopping = expect.objectContaining({ code: 'MASTER_UNREACHABLE', message: 'the master is stopping' });
  expect(() => store.get('rows', ['1', 'm1'])).toThrow(stopping);
  expect(() => keys()).toThrow(stopping);
  expect(() => [...store.keys('rows')]).toThrow(stopping);
  await expect(store.write([put(['1', 'm2'])])).rejects.toEqual(stopping);
});
