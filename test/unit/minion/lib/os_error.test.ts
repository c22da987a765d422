import { mkdir, readdir, rename } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { osErrorText } from '../../../../minion/lib/os_error.ts';

test('an error of the operating system reads as in Python', async () => {
  const missing = await readdir('/no/such').catch((error: unknown) => error);
  expect(osErrorText(missing)).toBe("[Errno 2] No such file or directory: '/no/such'");
  const existing = await mkdir('/').catch((error: unknown) => error);
  expect(osErrorText(existing)).toBe("[Errno 17] File exists: '/'");
  const moved = await rename('/no/a', '/no/b').catch((error: unknown) => error);
  expect(osErrorText(moved)).toBe("[Errno 2] No such file or directory: '/no/a' -> '/no/b'");
  expect(osErrorText(Object.assign(new Error('x'), { code: 'ENOEXEC', errno: -8 }))).toBe(
    '[Errno 8] Exec format error',
  );
});

test('any other error has no such text', () => {
  expect(osErrorText(new TypeError('x'))).toBeUndefined();
  expect(osErrorText(Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_VALUE' }))).toBeUndefined();
  expect(osErrorText('ENOENT')).toBeUndefined();
});
