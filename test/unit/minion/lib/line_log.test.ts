import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLineLog, decodeLines, encodeLines } from '../../../../minion/lib/line_log.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'brine-lines-'));
  path = join(directory, 'log');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const lines = async (): Promise<readonly string[]> => decodeLines(await readFile(path)).lines;

test('lines that were appended are there when the process is killed, and the space ahead is no line', async () => {
  const log = await createLineLog(path, ['one']);
  await log.append(['two']);
  expect(await readFile(path, 'utf8')).toMatch(/^[0-9a-f]{8} one\n[0-9a-f]{8} two\n\0+$/);
  expect(await lines()).toEqual(['one', 'two']);
  await log.close();
});

test('a write within the space ahead leaves the size of the file as it is', async () => {
  const log = await createLineLog(path, ['first']);
  const { size } = await stat(path);
  for (let number = 0; number < 100; number++) await log.append([`line ${number}`]);
  expect((await stat(path)).size).toBe(size);
  await log.close();
});

test('lines longer than the space ahead are whole', async () => {
  const log = await createLineLog(path, []);
  const long = 'x'.repeat(100_000);
  for (const line of [long, 'short', long]) await log.append([line]);
  expect(await lines()).toEqual([long, 'short', long]);
  await log.close();
});

test('a file that was closed ends with its last line', async () => {
  const log = await createLineLog(path, ['one']);
  await log.append(['two']);
  await log.close();
  expect(await readFile(path)).toEqual(encodeLines(['one', 'two']));
});

test('the former file is there until the new one is whole', async () => {
  await writeFile(path, encodeLines(['before']));
  await writeFile(`${path}.new`, 'half of an earlier at');
  const log = await createLineLog(path, ['after']);
  await log.close();
  expect(await lines()).toEqual(['after']);
});

test.each([
  ['a line that is torn', (whole: string) => whole.slice(0, -1)],
  ['the zeros ahead', () => '\0\0'],
  ['nothing', () => ''],
])('%s at the end is no line, and nothing is lost', (_name, end) => {
  const file = Buffer.concat([encodeLines(['one']), Buffer.from(end(encodeLines(['two']).toString()))]);
  expect(decodeLines(file)).toEqual({ lines: ['one'], mended: 0, lostBytes: 0 });
});

test.each(['\n', 'two\n', '00000000 two\n', `${'x'.repeat(2000)}\n`])(
  'of %j between lines the bytes are told',
  (text) => {
    const file = Buffer.concat([encodeLines(['one']), Buffer.from(text), encodeLines(['three'])]);
    expect(decodeLines(file)).toEqual({ lines: ['one', 'three'], mended: 0, lostBytes: text.length });
  },
);

test('whichever bit is flipped, the lines are the same', () => {
  const file = encodeLines(['one', 'zwölf', '']);
  for (let bit = 0; bit < file.length * 8; bit++) {
    const damaged = Buffer.from(file);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(decodeLines(damaged), `bit ${bit}`).toMatchObject({ lines: ['one', 'zwölf', ''], lostBytes: 0 });
  }
});
