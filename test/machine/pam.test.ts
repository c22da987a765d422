import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkPam } from '../../master/auth/check_pam.ts';

/** An account of this machine, for as long as the test runs. */
const USER = 'brine-pam-test';

function must(command: string, args: readonly string[], input = ''): void {
  const { status, stderr } = spawnSync(command, args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
}

beforeAll(() => {
  must('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', USER]);
  must('chpasswd', [], `${USER}:correct horse\n`);
});
afterAll(() => must('userdel', [USER]));

test('the system says whose password is right', async () => {
  expect(await checkPam(USER, 'correct horse')).toBe(true);
  expect(await checkPam(USER, 'battery staple')).toBe(false);
  expect(await checkPam(USER, '')).toBe(false);
  expect(await checkPam('brine-nobody-test', 'correct horse')).toBe(false);
  expect(await checkPam('../etc/passwd', 'correct horse')).toBe(false);
});

test('an account that has expired is let in no longer, nor one whose password has to be changed', async () => {
  must('chage', ['--expiredate', '2020-01-01', USER]);
  expect(await checkPam(USER, 'correct horse')).toBe(false);
  must('chage', ['--expiredate', '-1', USER]);
  expect(await checkPam(USER, 'correct horse')).toBe(true);
  must('chage', ['--lastday', '0', USER]);
  expect(await checkPam(USER, 'correct horse')).toBe(false);
});
