import { expect, test } from 'vitest';
import { requireSuccess, runProgram } from '../../../../minion/lib/run_program.ts';
import { fakeExec } from '../../../support/fake_context.ts';

const result = { pid: 1, retcode: 0, stdout: '', stderr: '', timedOut: false };

test.each([
  ['what it wrote to standard error', { stdout: 'working\n', stderr: 'no such device\n' }, 'no such device'],
  ['else what it wrote to standard output', { stdout: 'no such device\n' }, 'no such device'],
  ['of much of it the end', { stderr: '1\n2\n3\n4\n5\n6\n7\n' }, '3\n4\n5\n6\n7'],
  ['else its exit status', {}, 'exit status 2'],
])('a program that failed is told with %s', (_what, written, words) => {
  const failed = { ...result, retcode: 2, ...written };
  expect(() => requireSuccess(failed, 'cannot stop sda')).toThrow(
    expect.objectContaining({ code: 'COMMAND_FAILED', message: `cannot stop sda: ${words}` }),
  );
});

test('a program that warns and succeeds has succeeded', () => {
  expect(() => requireSuccess({ ...result, stderr: 'warning' }, 'cannot stop sda')).not.toThrow();
});

test('a program is asked in English', async () => {
  const exec = fakeExec({ 'blockdev --flushbufs sda': (_argv, { env }) => ({ stdout: JSON.stringify(env) }) });
  const { stdout } = await runProgram({ exec }, ['blockdev', '--flushbufs', 'sda'], 'cannot flush sda');
  expect(stdout).toBe('{"LC_ALL":"C"}');
});
