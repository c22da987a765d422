import { expect, test } from 'vitest';
import { JobStop } from '../../../minion/jobs/job_stop.ts';
import { type MinionServices, makeContext } from '../../../minion/make_context.ts';
import cmd from '../../../minion/modules/cmd.ts';
import environ from '../../../minion/modules/environ.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import { fakeContext } from '../../support/fake_context.ts';

function minion(stop = new JobStop()): () => ReturnType<typeof makeContext> {
  const { environment, ...parts } = fakeContext({ modules: { cmd, environ } });
  const services: MinionServices = { ...parts, clock: systemClock, log: silentLogger, env: { PATH: process.env.PATH } };
  return () =>
    makeContext(services, {
      jid: undefined,
      stop,
      outcome: { retcode: undefined, out: undefined },
    });
}

test('processes of a job have the variables that a function set which it called', async () => {
  const job = minion();
  const context = job();
  await context.call('environ.setval', ['BRINE_TEST', 'seen']);
  expect((await context.exec(['printenv', 'BRINE_TEST'])).stdout).toBe('seen\n');
  expect(await context.call('cmd.run', ['printenv BRINE_TEST'])).toBe('seen');
  expect((await job().exec(['printenv', 'BRINE_TEST'])).retcode).toBe(1);
});

test('what is set for the minion is there in the next job, and in one that runs', async () => {
  const job = minion();
  const other = job();
  await job().call('environ.setenv', [{ BRINE_TEST: 'kept' }], { update_minion: true });
  for (const context of [other, job()]) {
    expect((await context.exec(['printenv', 'BRINE_TEST'])).stdout).toBe('kept\n');
  }
});

test('the signal of a job is there for who asks for it, early or late, also in a copy and in calls that it makes', async () => {
  const stop = new JobStop();
  const context = minion(stop)();
  const copy = { ...context };
  expect([context.signal.aborted, copy.signal]).toEqual([false, context.signal]);
  stop.stop('cancelled');
  expect([copy.signal.aborted, copy.signal.reason]).toEqual([true, 'cancelled']);
  await expect(context.call('cmd.run', ['true'])).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
});
