import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAppendFile, openAppendFile } from '../../../../shared/disk/append_file.ts';
import { openNoMoreFiles } from '../../../support/open_files_limit.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'brine-append-'));
  path = join(directory, 'file');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const pieces = fc.array(
  fc.record({
    bytes: fc.uint8Array({ minLength: 1, maxLength: 3000 }),
    flush: fc.boolean(),
    large: fc.boolean(),
  }),
  { maxLength: 20 },
);

test('whatever is flushed and whatever is not, the file is what was appended, and each piece is where it is said', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, async (appended) => {
      const file = await createAppendFile(path, (fresh) => fresh.append(Buffer.from('begin'), { flush: false }));
      let expected = Buffer.from('begin');
      for (const { bytes, flush, large } of appended) {
        const piece = large ? Buffer.concat(Array.from({ length: 30 }, () => bytes)) : bytes;
        expect(await file.append(piece, { flush })).toBe(expected.length);
        expected = Buffer.concat([expected, piece]);
        expect(file.end()).toBe(expected.length);
      }
      const written = await readFile(path);
      expect(written.subarray(0, expected.length).equals(expected)).toBe(true);
      expect(written.subarray(expected.length).every((byte) => byte === 0)).toBe(true);
      await file.close();
      expect((await readFile(path)).equals(expected)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test('a file that is opened again goes on where it is told, and what was behind that is gone', async () => {
  const first = await createAppendFile(path, async () => undefined);
  await first.append(Buffer.from('kept lost'));
  await first.close();
  const again = await openAppendFile(path, 4);
  expect(await again.append(Buffer.from('!'))).toBe(4);
  await again.close();
  expect(await readFile(path, 'utf8')).toBe('kept!');
});

test('a rewound file begins anew', async () => {
  const file = await createAppendFile(path, async () => undefined);
  await file.append(Buffer.from('one'));
  await file.rewind();
  expect(await file.append(Buffer.from('two!'))).toBe(0);
  await file.append(Buffer.from('three'), { flush: false });
  await file.append(Buffer.from('four'));
  await file.close();
  expect(await readFile(path, 'utf8')).toBe('two!threefour');
});

test('a file that took the place of the old one is the one that is written to, whether or not its folder can be flushed', async () => {
  const old = await createAppendFile(path, (fresh) => fresh.append(Buffer.from('old'), { flush: false }));
  let allow = (): void => undefined;
  const file = await createAppendFile(path, async (fresh) => {
    await fresh.append(Buffer.from('new,'), { flush: false });
    allow = openNoMoreFiles();
  });
  await expect(file.append(Buffer.from('not durable'))).rejects.toThrow('EMFILE');
  allow();
  await file.append(Buffer.from('durable'));
  await Promise.all([old.close(), file.close()]);
  expect(await readFile(path, 'utf8')).toBe('new,durable');
});
