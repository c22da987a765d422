import { afterEach, expect, test, vi } from 'vitest';
import { systemPlatform } from '../../../../minion/lib/platform.ts';

afterEach(() => void vi.restoreAllMocks());

test('tells the working directory', () => {
  expect(systemPlatform().cwd).toBe(process.cwd());
});

test('a working directory that somebody removed is not there, and nothing else is missing', () => {
  vi.spyOn(process, 'cwd').mockImplementation(() => {
    throw Object.assign(new Error('ENOENT: no such file or directory, uv_cwd'), { code: 'ENOENT', syscall: 'uv_cwd' });
  });
  expect(systemPlatform()).toMatchObject({ cwd: undefined, pid: process.pid });
});
