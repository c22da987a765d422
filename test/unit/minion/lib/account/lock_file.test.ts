import { spawnSync } from 'node:child_process';
import { readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { editEntry } from '../../../../../minion/lib/account/account_files.ts';
import { withFileLock } from '../../../../../minion/lib/account/lock_file.ts';
import { type Clock, systemClock } from '../../../../../shared/clock.ts';
import { fakeClock, fakeContext } from '../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../support/fixture_root.ts';

/** Time passes whenever somebody waits; `waited` is called first. */
function impatientClock(waited: () => Promise<void> = async () => undefined): Clock {
  const clock = fakeClock();
  return {
    ...clock,
    after(delayMs, run) {
      const timer = clock.after(delayMs, run);
      void waited().then(() => clock.advance(delayMs));
      return timer;
    },
  };
}

async function passwd() {
  const root = await fixtureRoot({ 'etc/passwd': 'ada:x:1:1::/:/bin/sh\n' });
  return { root, path: join(root, 'etc/passwd'), entries: () => readdir(join(root, 'etc')) };
}

test('the lock names its process while the action runs, and is gone then', async () => {
  const { path, entries } = await passwd();
  const seen = await withFileLock(path, impatientClock(), () => readFile(`${path}.lock`, 'utf8'));
  expect(seen).toBe(`${process.pid}\0`);
  await expect(withFileLock(path, impatientClock(), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await entries()).toEqual(['passwd']);
});

test('changes at the same time happen one after the other, and none is lost', async () => {
  const { root, path, entries } = await passwd();
  const add = (letter: string) =>
    editEntry(
      { root, file: 'etc/passwd', context: fakeContext({ root, clock: systemClock }) },
      'ada',
      ([name = '', ...rest]) => [name, ...rest.with(3, `${rest[3]}${letter}`)],
    );
  await Promise.all(['a', 'b', 'c'].map(add));
  expect([...(/::([abc]*):|:([abc]+):/.exec(await readFile(path, 'utf8'))?.[2] ?? '')].sort()).toEqual(['a', 'b', 'c']);
  expect(await entries()).toEqual(['passwd']);
});

test('a lock that somebody holds is waited for', async () => {
  const { path, entries } = await passwd();
  await writeFile(`${path}.lock`, `${process.pid}\0`);
  const release = async (): Promise<void> => {
    if ((await entries()).includes('passwd.lock')) await unlink(`${path}.lock`);
  };
  expect(await withFileLock(path, impatientClock(release), async () => 'done')).toBe('done');
});

test('a lock that is not given back is told, with its process', async () => {
  const { path, entries } = await passwd();
  await writeFile(`${path}.lock`, `${process.pid}\0`);
  await expect(withFileLock(path, impatientClock(), async () => 'done')).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: `${path} is locked by process ${process.pid}`,
  });
  await writeFile(`${path}.lock`, 'what');
  await expect(withFileLock(path, impatientClock(), async () => 'done')).rejects.toThrow('is locked by somebody');
  expect((await entries()).sort()).toEqual(['passwd', 'passwd.lock']);
});

test('the lock of a process that is gone is taken', async () => {
  const { path, entries } = await passwd();
  const { pid } = spawnSync('true');
  await writeFile(`${path}.lock`, `${pid}\0`);
  expect(await withFileLock(path, impatientClock(), async () => 'done')).toBe('done');
  expect(await entries()).toEqual(['passwd']);
});

test.skipIf(process.geteuid?.() !== 0)('the programs of shadow-utils heed the lock', async () => {
  const root = await fixtureRoot({
    'etc/passwd': 'root:x:0:0::/root:/bin/sh\n',
    'etc/group': 'root:x:0:\n',
    'etc/shadow': '',
    'etc/gshadow': '',
  });
  const add = () => spawnSync('groupadd', ['-R', root, 'crew'], { encoding: 'utf8' });
  const { status, stderr } = await withFileLock(join(root, 'etc/group'), systemClock, async () => add());
  expect([status, stderr]).toEqual([10, expect.stringContaining(`already used by PID ${process.pid}`)]);
  expect(add()).toMatchObject({ status: 0 });
});
