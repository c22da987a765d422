import { beforeEach, expect, test } from 'vitest';
import runner from '../../../../master/runners/jobs.ts';
import { type FakeMasterContext, fakeMasterContext } from '../../../support/fake_master_context.ts';
import { runFunction } from '../../../support/run_function.ts';
import { START_AT, sampleJob } from '../../../support/sample_job.ts';

const JIDS = ['20260101000000000001', '20260101120000000002', '20260102000000000003'] as const;
let context: FakeMasterContext;

/** Three jobs: a ping that m1 answered, a command that failed, an install that runs. */
beforeEach(async () => {
  context = fakeMasterContext();
  const { tracker } = context;
  await tracker.add(sampleJob({ jid: JIDS[0] }), new Map());
  await tracker.commit(JIDS[0], 'm1', 'succeed', { result: { id: 'm1', return: true, retcode: 0, success: true } });
  await tracker.commit(JIDS[0], 'm2', 'expire', { reason: 'too late' });
  await tracker.add(
    sampleJob({
      jid: JIDS[1],
      fun: 'cmd.run',
      arg: ['false', { password: 'hunter2' }],
      kwarg: { cwd: '/', token: 'hunter2' },
      tgt: 'm1',
      minions: ['m1'],
      metadata: { ticket: 42 },
    }),
    new Map(),
  );
  const result = { id: 'm1', return: { a: 1 }, retcode: 1, success: false, out: 'highstate' };
  await tracker.commit(JIDS[1], 'm1', 'fail', { result });
  await tracker.add(
    sampleJob({ jid: JIDS[2], fun: 'pkg.install', arg: ['vim'], tgt: 'm3', minions: ['m3'] }),
    new Map(),
  );
  context.fleet.setOnline('m3', START_AT);
  await tracker.commit(JIDS[2], 'm3', 'run', { pid: 77 });
});

const call = (fun: string, args: readonly unknown[] = [], kwargs: Readonly<Record<string, unknown>> = {}) =>
  runFunction(context, runner, fun, args, kwargs);

test('lookup_jid gives what was returned, with the outputter of the job', async () => {
  expect(await call('jobs.lookup_jid', [JIDS[0]])).toEqual({ m1: true });
  expect(context.outputters).toEqual([]);
  expect(await call('jobs.lookup_jid', [JIDS[1]])).toEqual({ m1: { a: 1 } });
  expect(context.outputters).toEqual(['highstate']);
});

test('lookup_jid says on request where the others stand', async () => {
  expect(await call('jobs.lookup_jid', [JIDS[0]], { missing: true })).toEqual({ m1: true, m2: 'expired: too late' });
  expect(await call('jobs.lookup_jid', [JIDS[0]], { missing: true, returned: false })).toEqual({
    m2: 'expired: too late',
  });
});

test('exit_success tells for each minion whether its part succeeded', async () => {
  expect(await call('jobs.exit_success', [JIDS[0]])).toEqual({ m1: true, m2: false });
});

test('a job that is not there says where to look', async () => {
  await expect(call('jobs.lookup_jid', ['20260101000000000009'])).rejects.toMatchObject({
    code: 'JOB_UNKNOWN',
    hint: expect.stringContaining('jobs.list_jobs'),
  });
});

test('list_job describes a job without its secrets', async () => {
  const shown = await call('jobs.list_job', [JIDS[1]]);
  expect(shown).toEqual({
    jid: JIDS[1],
    Function: 'cmd.run',
    Arguments: ['false', { password: '**********' }, { __kwarg__: true, cwd: '/', token: '**********' }],
    Target: 'm1',
    'Target-type': 'glob',
    User: 'root',
    Metadata: { ticket: 42 },
    StartTime: '2026, Jan 01 12:00:00.000002',
    Minions: ['m1'],
    Result: { m1: { out: 'highstate', return: { a: 1 }, retcode: 1, success: false } },
  });
  expect(JSON.stringify(shown)).not.toContain('hunter2');
});

test('print_job gives the same under the jid', async () => {
  expect(await call('jobs.print_job', [JIDS[0]])).toMatchObject({
    [JIDS[0]]: { Function: 'test.ping', Minions: ['m1', 'm2'], Result: { m1: { return: true } } },
  });
});

const listed = async (kwargs: Readonly<Record<string, unknown>>): Promise<string[]> =>
  Object.keys((await call('jobs.list_jobs', [], kwargs)) as object);

test.each([
  ['all, oldest first', {}, JIDS],
  ['those of a function', { search_function: 'cmd.*' }, [JIDS[1]]],
  ['those of several functions', { search_function: 'test.*,pkg.install' }, [JIDS[0], JIDS[2]]],
  ['those of a user', { search_user: 'ro*' }, JIDS],
  ['none of another user', { search_user: 'alice' }, []],
  ['those of a target', { search_target: 'm?' }, [JIDS[1], JIDS[2]]],
  ['those with metadata', { search_metadata: { ticket: 42 } }, [JIDS[1]]],
  ['none with other metadata', { search_metadata: { ticket: 43 } }, []],
  ['those since a day', { start_time: '2026-01-02' }, [JIDS[2]]],
  ['those since a time of day, UTC', { start_time: '2026-01-01 12:00' }, [JIDS[1], JIDS[2]]],
  ['those since a time as it is printed', { start_time: '2026, Jan 01 12:00:00' }, [JIDS[1], JIDS[2]]],
  ['those since a time with its zone', { start_time: '2026-01-01T13:00:01+01:00' }, [JIDS[2]]],
  ['those before a time', { end_time: '2026-01-01 12:00' }, [JIDS[0]]],
  ['the newest of many', { limit: 1 }, [JIDS[2]]],
])('list_jobs lists %s', async (_what, kwargs, jids) => {
  expect(await listed(kwargs)).toEqual([...jids]);
});

test('a time that is none is refused', async () => {
  await expect(listed({ start_time: 'yesterday-ish' })).rejects.toMatchObject({ code: 'ARGS_INVALID' });
});

test('active shows what runs where, as which process, and what waits', async () => {
  expect(await call('jobs.active')).toMatchObject({
    [JIDS[2]]: {
      Function: 'pkg.install',
      Running: [{ m3: 77 }],
      Returned: [],
      State: { m3: expect.stringMatching(/^running for \d+ s$/) },
    },
  });
});

test('last_run is the newest that matches', async () => {
  expect(Object.keys((await call('jobs.last_run')) as object)).toEqual([JIDS[2]]);
  expect(Object.keys((await call('jobs.last_run', [], { function: 'test.*' })) as object)).toEqual([JIDS[0]]);
  expect(await call('jobs.last_run', [], { function: 'nosuch.*' })).toEqual({});
  expect(Object.keys((await call('jobs.last_run', [], { metadata: { ticket: 42 } })) as object)).toEqual([JIDS[1]]);
});

test('a return that came late counts for exit_success', async () => {
  const result = { id: 'm2', return: true, retcode: 0, success: true };
  await context.tracker.commit(JIDS[0], 'm2', 'succeed', { result });
  expect(await call('jobs.exit_success', [JIDS[0]])).toEqual({ m1: true, m2: true });
});

test('queue lists what a minion has not started, and not what runs', async () => {
  await context.tracker.add(sampleJob({ jid: '20260103000000000001', minions: ['m1', 'm3'] }), new Map());
  expect(await call('jobs.queue')).toEqual({
    m1: { '20260103000000000001': expect.stringContaining('test.ping, queued: not connected') },
    m3: { '20260103000000000001': 'test.ping, queued for 0 s' },
  });
  expect(await call('jobs.queue', ['m3'])).toHaveProperty('m3');
  expect(await call('jobs.queue', ['m3'])).not.toHaveProperty('m1');
});

test('cancel passes on which job and which minions', async () => {
  expect(await call('jobs.cancel', [JIDS[2], 'm3'])).toEqual(['m3']);
  expect(context.cancelled).toEqual([[JIDS[2], ['m3']]]);
});

test('cancel says when there is nothing to cancel', async () => {
  context = { ...context, cancelJob: async () => [] };
  await expect(call('jobs.cancel', [JIDS[1]])).rejects.toMatchObject({
    message: `nothing to cancel: job ${JIDS[1]} is over on every minion that is meant`,
  });
});

test('retry publishes the job again for those on which it did not succeed', async () => {
  await call('jobs.retry', [JIDS[1]]);
  expect(context.published).toMatchObject([
    {
      tgt: ['m1'],
      tgt_type: 'list',
      fun: 'cmd.run',
      kwarg: { cwd: '/', token: 'hunter2' },
      metadata: { ticket: 42, retry_of: JIDS[1] },
    },
  ]);
  await expect(call('jobs.retry', [JIDS[2]])).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringMatching(/^nothing to retry: job \d+ failed on no minion yet; on 1 it is not over$/),
  });
});
