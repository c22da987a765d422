import { expect, test } from 'vitest';
import { toStoredReturn } from '../../../../shared/plugin/returner.ts';

const job = { jid: '20260101000000000001', fun: 'cmd.run', arg: ['uptime', { password: 'x' }], user: 'ada' };
const stamp = '2026-01-01T00:00:00.000000';

test("a modest minion's return is made whole by the job it answers", () => {
  expect(toStoredReturn({ id: 'm1', return: 'up', retcode: 0 }, job, stamp)).toEqual({
    jid: job.jid,
    id: 'm1',
    fun: 'cmd.run',
    fun_args: ['uptime', { password: '**********' }],
    return: 'up',
    retcode: 0,
    success: true,
    user: 'ada',
    _stamp: stamp,
  });
});

test('what the minion says of itself stays, and a return code that is not zero means failure', () => {
  const result = { id: 'm1', fun: 'cmd.run_all', fun_args: ['w'], return: null, retcode: 2, ms: 3.5, out: 'txt' };
  expect(toStoredReturn(result, job, stamp)).toMatchObject({
    fun: 'cmd.run_all',
    fun_args: ['w'],
    success: false,
    ms: 3.5,
    out: 'txt',
  });
});
