import { expect, test } from 'vitest';
import { createGroupCommit, type WriteSize } from '../../../../shared/disk/group_commit.ts';

function setUp(size?: WriteSize<string>) {
  const batches: (readonly string[])[] = [];
  const finish: ((error?: Error) => void)[] = [];
  const commit = createGroupCommit<string>((items) => {
    batches.push(items);
    return new Promise((resolve, reject) => {
      finish.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  }, size);
  return { commit, batches, finish };
}

const turn = (): Promise<unknown> => new Promise(setImmediate);

test('what is added in one turn is one write', async () => {
  const { commit, batches, finish } = setUp();
  const added = Promise.all([commit.add('a'), commit.add('b')]);
  await turn();
  expect(batches).toEqual([['a', 'b']]);
  finish[0]?.();
  await added;
});

test('what is added while a write is under way goes out together with the next', async () => {
  const { commit, batches, finish } = setUp();
  const first = commit.add('a');
  await turn();
  const others = Promise.all([commit.add('b'), commit.add('c')]);
  await turn();
  expect(batches).toEqual([['a']]);
  finish[0]?.();
  await first;
  await turn();
  expect(batches).toEqual([['a'], ['b', 'c']]);
  finish[1]?.();
  await others;
});

test('who is waiting for a write that failed hears of it, and the next write is made', async () => {
  const { commit, finish } = setUp();
  const first = commit.add('a');
  await turn();
  const second = commit.add('b');
  finish[0]?.(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  await turn();
  finish[1]?.();
  await second;
});

test('what may go later goes with the next write, or with the flush', async () => {
  const { commit, batches, finish } = setUp();
  commit.later('a');
  await turn();
  expect(batches).toEqual([]);
  const added = commit.add('b');
  await turn();
  expect(batches).toEqual([['a', 'b']]);
  finish[0]?.();
  await added;
  commit.later('c');
  const flushed = commit.flush();
  await turn();
  expect(batches.at(-1)).toEqual(['c']);
  finish[1]?.();
  await flushed;
});

test('a flush of nothing waits for what is under way and writes nothing', async () => {
  const { commit, batches, finish } = setUp();
  const added = commit.add('a');
  await turn();
  let isFlushed = false;
  const flushed = commit.flush().then(() => {
    isFlushed = true;
  });
  await turn();
  expect(isFlushed).toBe(false);
  finish[0]?.();
  await added;
  await flushed;
  expect(batches).toHaveLength(1);
});

test('a write takes what is added until that is enough for one, and each writer hears of its own', async () => {
  const { commit, batches, finish } = setUp({ max: 4, of: ({ length }) => length });
  const outcomes: string[] = [];
  const note = (name: string, outcome: Promise<void>): Promise<void> =>
    outcome.then(
      () => void outcomes.push(name),
      (error: Error) => void outcomes.push(`${name}: ${error.message}`),
    );
  const all = ['aa', 'bb', 'cccccc', 'd', 'e'].map((name) => note(name, commit.add(name)));
  const flushed = commit.flush();
  await turn();
  expect(batches).toEqual([['aa', 'bb']]);
  finish[0]?.(new Error('disk full'));
  await turn();
  expect(outcomes).toEqual(['aa: disk full', 'bb: disk full']);
  expect(batches).toEqual([['aa', 'bb'], ['cccccc']]);
  finish[1]?.();
  await turn();
  expect(batches.at(-1)).toEqual(['d', 'e']);
  finish[2]?.();
  await Promise.all([...all, flushed]);
  expect(outcomes.slice(2)).toEqual(['cccccc', 'd', 'e']);
});
