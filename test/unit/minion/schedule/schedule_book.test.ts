import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openScheduleBook } from '../../../../minion/schedule/schedule_book.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'brine-schedule-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('after a change that could not be written down, the next one can be', async () => {
  const book = await openScheduleBook({ config_dir: dir, default_include: 'minion.d/*.conf', schedule: {} });
  const inTheWay = join(dir, 'minion.d');
  await writeFile(inTheWay, '');
  const change = book.change(() => ({ first: { function: 'test.ping' } }), true);
  await expect(change).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    hint: expect.stringContaining('persist=False'),
  });
  await rm(inTheWay);
  await book.change((schedule) => ({ ...schedule, second: { function: 'test.ping' } }), true);
  expect(Object.keys((await book.readFile()) ?? {})).toEqual(['first', 'second']);
});
