import { expect, test } from 'vitest';
import { createJobStore } from '../../../../master/jobs/job_store.ts';
import { createKeepCall, type EndedCall } from '../../../../master/jobs/keep_call.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { createMemoryBus } from '../../../support/memory_bus.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';

const call: EndedCall = {
  jid: '20260101000000000001',
  fun: 'runner.manage.up',
  user: 'root',
  arg: [],
  kwarg: {},
  value: ['m1'],
  out: undefined,
  retcode: 0,
  success: true,
};
const clock = fakeClock();

function setUp() {
  const bus = createMemoryBus({ clock });
  const fired: string[] = [];
  bus.listen((tag) => fired.push(tag));
  return { event: bus.hold('salt/run/1/ret', {}), fired };
}

test('the outcome of a runner is a job of the master, and told when it is kept', async () => {
  const { event, fired } = setUp();
  const jobs = createJobStore(createMemoryStore());
  await createKeepCall(jobs, clock, silentLogger)(call, event);
  expect(jobs.job(call.jid)).toMatchObject({ fun: 'runner.manage.up', minions: ['master'], user: 'root' });
  expect(jobs.returnOf(call.jid, 'master')).toMatchObject({ return: ['m1'], success: true, retcode: 0 });
  expect(jobs.endedRow(call.jid, 'master')?.state).toBe('succeeded');
  expect(fired).toEqual(['salt/run/1/ret']);
});

test('nothing is told of an outcome that cannot be kept, but the log says so', async () => {
  const { event, fired } = setUp();
  const logged: unknown[] = [];
  const log = { ...silentLogger, error: (message: string, fields: unknown) => void logged.push(message, fields) };
  const addEndedJob = async () => {
    throw new Error('the disk is full');
  };
  await createKeepCall({ addEndedJob }, clock, log)(call, event);
  expect(fired).toEqual([]);
  expect(logged).toEqual([
    'the outcome of a runner could not be kept',
    { jid: call.jid, fun: call.fun, reason: expect.stringContaining('the disk is full') },
  ]);
});
