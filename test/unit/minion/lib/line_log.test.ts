import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLineLog, wholeLines } from '../../../../minion/lib/line_log.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'brine-lines-'));
  path = join(directory, 'log');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const read = (): Promise<string> => readFile(path, 'utf8');

test('lines that were appended are there when the process is killed, and the space ahead is no line', async () => {
  const log = await createLineLog(path, 'one\n');
  await log.append('two\n');
  const text = await read();
  expect(text).toMatch(/^one\ntwo\n\0+$/);
  expect(wholeLines(text)).toEqual(['one', 'two', '']);
  await log.close();
});

test('a write within the space ahead leaves the size of the file as it is', async () => {
  const log = await createLineLog(path, 'first\n');
  const { size } = await stat(path);
  for (let number = 0; number < 100; number++) await log.append(`line ${number}\n`);
  expect((await stat(path)).size).toBe(size);
  await log.close();
});

test('lines longer than the space ahead are whole', async () => {
  const log = await createLineLog(path, '');
  const long = `${'x'.repeat(100_000)}\n`;
  for (const line of [long, 'short\n', long]) await log.append(line);
  expect(wholeLines(await read())).toEqual([long.trimEnd(), 'short', long.trimEnd(), '']);
  await log.close();
});

test('a file that was closed ends with its last line', async () => {
  const log = await createLineLog(path, 'one\n');
  await log.append('two\n');
  await log.close();
  expect(await read()).toBe('one\ntwo\n');
});

test('the former file is there until the new one is whole', async () => {
  await writeFile(path, 'before\n');
  await writeFile(`${path}.new`, 'half of an earlier at');
  const log = await createLineLog(path, 'after\n');
  await log.close();
  expect(await read()).toBe('after\n');
});

test.each([
  ['one\ntwo', ['one', '']],
  ['one\ntw\0o\n', ['one', '']],
  ['\0\0', ['']],
  ['', ['']],
])('of %j the whole lines are %j', (text, lines) => expect(wholeLines(text)).toEqual(lines));
