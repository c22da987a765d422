import { appendFile, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OpenReturner } from '../../../../shared/plugin/returner.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { openReturner, storedReturn } from '../../../support/sample_deliveries.ts';

async function openIn(root: string, path = '/var/log/salt/returns.jsonl'): Promise<OpenReturner & { file: string }> {
  return { ...(await openReturner('jsonl', { path }, { root })), file: join(root, path) };
}

async function linesOf(file: string): Promise<unknown[]> {
  const text = await readFile(file, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('each return is one line, in a file that is for its owner alone', async () => {
  const { store, file } = await openIn(await fixtureRoot({}));
  await store(storedReturn({ id: 'm1', return: 'two\nlines' }));
  await store(storedReturn({ id: 'm2' }));
  expect(await linesOf(file)).toEqual([storedReturn({ id: 'm1', return: 'two\nlines' }), storedReturn({ id: 'm2' })]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('each event is one line', async () => {
  const { storeEvents, file } = await openIn(await fixtureRoot({}));
  const events = [
    { tag: 'a/b', data: { n: 1 } },
    { tag: 'c', data: {} },
  ];
  await storeEvents?.(events);
  expect(await linesOf(file)).toEqual(events);
});

test('a file that was rotated away is left alone, and a new one begun', async () => {
  const { store, file } = await openIn(await fixtureRoot({}));
  await store(storedReturn({ id: 'm1' }));
  await rename(file, `${file}.1`);
  await store(storedReturn({ id: 'm2' }));
  expect(await linesOf(`${file}.1`)).toEqual([storedReturn({ id: 'm1' })]);
  expect(await linesOf(file)).toEqual([storedReturn({ id: 'm2' })]);
});

test('a line that a crash cut short does not swallow the next', async () => {
  const { store, file } = await openIn(await fixtureRoot({}));
  await store(storedReturn({ id: 'm1' }));
  await appendFile(file, '{"jid":"2026');
  await store(storedReturn({ id: 'm2' }));
  const lines = (await readFile(file, 'utf8')).split('\n');
  expect(lines[1]).toBe('{"jid":"2026');
  expect(JSON.parse(lines[2] as string)).toEqual(storedReturn({ id: 'm2' }));
});

test('returns that are stored at once do not mix', async () => {
  const { store, file } = await openIn(await fixtureRoot({}));
  const ids = Array.from({ length: 20 }, (_, index) => `m${index}`);
  await Promise.all(ids.map((id) => store(storedReturn({ id, return: 'x'.repeat(100_000) }))));
  const stored = (await linesOf(file)) as { id: string }[];
  expect(stored.map(({ id }) => id).sort()).toEqual(ids.sort());
});

test('a file that cannot be written is an error that names it', async () => {
  const root = await fixtureRoot({});
  await writeFile(join(root, 'taken'), '');
  const { store, file } = await openIn(root, '/taken/returns.jsonl');
  await expect(store(storedReturn())).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining(`${file} cannot be written: E`),
  });
});
