import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunningJob } from '../../../../minion/context.ts';
import saltutil from '../../../../minion/modules/saltutil.ts';
import { FleetError } from '../../../../shared/errors.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const OWN = '20260101000000000000';
const SLEEP = '20260101000000000001';
const APPLY = '20260101000000000002';

function job(jid: string, fun: string, pid: number): RunningJob {
  return { jid, fun, arg: [60], tgt: '*', tgt_type: 'glob', user: 'root', pid };
}

function machine() {
  const runningJobs = [job(OWN, 'saltutil.running', 1), job(SLEEP, 'test.sleep', 2), job(APPLY, 'state.apply', 3)];
  return fakeContext({ jid: OWN, runningJobs });
}

const sleepItem = {
  jid: SLEEP,
  fun: 'test.sleep',
  arg: [60],
  tgt: '*',
  tgt_type: 'glob',
  ret: '',
  user: 'root',
  pid: 2,
};

describe('looking at jobs', () => {
  test('running leaves out the job that asks', async () => {
    const jobs = await runFunction(machine(), saltutil, 'saltutil.running');
    expect(jobs).toEqual([sleepItem, expect.objectContaining({ jid: APPLY })]);
  });

  test.each([
    ['test.sleep', 1],
    ['test.*', 1],
    ['*', 2],
    ['saltutil.running', 0],
  ])('is_running %s finds %d', async (fun, count) => {
    expect(await runFunction(machine(), saltutil, 'saltutil.is_running', [fun])).toHaveLength(count);
  });

  test('find_job gives the job, or an empty mapping', async () => {
    expect(await runFunction(machine(), saltutil, 'saltutil.find_job', [SLEEP])).toEqual(sleepItem);
    expect(await runFunction(machine(), saltutil, 'saltutil.find_job', ['20200101000000000000'])).toEqual({});
  });
});

describe('stopping jobs', () => {
  test.each([
    ['saltutil.signal_job', [SLEEP, 10], 10],
    ['saltutil.term_job', [SLEEP], 15],
    ['saltutil.kill_job', [SLEEP], 9],
  ])('%s sends its signal and says so', async (fun, args, signal) => {
    const context = machine();
    expect(await runFunction(context, saltutil, fun, args)).toBe(`Signal ${signal} sent to job ${SLEEP} at pid 2`);
    expect(context.signalled).toEqual([{ jid: SLEEP, signal }]);
  });

  test('a job that does not run is answered with an empty text', async () => {
    const context = machine();
    expect(await runFunction(context, saltutil, 'saltutil.kill_job', ['20200101000000000000'])).toBe('');
    expect(context.signalled).toEqual([]);
  });

  test.each([
    ['saltutil.term_all_jobs', 15],
    ['saltutil.kill_all_jobs', 9],
  ])('%s spares the job that asks', async (fun, signal) => {
    const context = machine();
    expect(await runFunction(context, saltutil, fun)).toHaveLength(2);
    expect(context.signalled).toEqual([
      { jid: SLEEP, signal },
      { jid: APPLY, signal },
    ]);
  });

  test.each([0, 65, 'TERM'])('%j is no signal number', async (signal) => {
    await expect(runFunction(machine(), saltutil, 'saltutil.signal_job', [SLEEP, signal])).rejects.toMatchObject({
      code: 'ARGS_INVALID',
    });
  });
});

test('refresh_grains is over when the grains are collected', async () => {
  let refreshed = false;
  const base = fakeContext();
  const grains = {
    ...base.grains,
    refresh: async () => {
      refreshed = true;
      return [];
    },
  };
  expect(await runFunction({ ...base, grains }, saltutil, 'saltutil.refresh_grains')).toBe(true);
  expect(refreshed).toBe(true);
});

test('refresh_modules tells the minion by an event on its own bus', async () => {
  const context = fakeContext();
  expect(await runFunction(context, saltutil, 'saltutil.refresh_modules')).toBe(true);
  expect(context.fired).toEqual([{ tag: 'module_refresh', data: { notify: false } }]);
});

test('the functions that sync look at folders and grains anew, and tell what changed as Salt does', async () => {
  const context = machine();
  const catalogue = { ...context.catalogue, refresh: () => ['a', 'b'] };
  const changed = { ...context, catalogue, grains: { ...context.grains, refresh: async () => ['c'] } };
  expect(await runFunction(changed, saltutil, 'saltutil.sync_modules')).toEqual(['modules.a', 'modules.b']);
  expect(await runFunction(changed, saltutil, 'saltutil.sync_grains')).toEqual(['grains.c']);
  expect(await runFunction(changed, saltutil, 'saltutil.sync_all')).toEqual({
    grains: ['grains.c'],
    modules: ['modules.a', 'modules.b'],
  });
  expect(context.fired.map(({ tag }) => tag)).toEqual(['module_refresh', 'module_refresh']);
});

test.each(['sync_states', 'sync_beacons', 'sync_sdb', 'sync_pillar', 'sync_engines'])(
  '%s finds nothing to copy',
  async (fun) => {
    expect(await runFunction(machine(), saltutil, `saltutil.${fun}`, ['base'])).toEqual([]);
  },
);

describe('what Salt tells the minion by events', () => {
  test.each([
    ['refresh_beacons', 'beacons_refresh', {}],
    ['refresh_matchers', 'matchers_refresh', {}],
    ['refresh_pillar', 'pillar_refresh', { clean_cache: true }],
  ])('%s fires %s', async (name, tag, data) => {
    const context = fakeContext();
    expect(await runFunction(context, saltutil, `saltutil.${name}`)).toBe(true);
    expect(context.fired).toEqual([{ tag, data }]);
  });

  test('refresh_matchers is False where no minion runs', async () => {
    const fire = async () => {
      throw new FleetError('COMMAND_FAILED', 'the minion is not running');
    };
    const context = fakeContext({ events: { fire, fireMaster: fire } });
    expect(await runFunction(context, saltutil, 'saltutil.refresh_matchers')).toBe(false);
  });

  test('refresh_pillar takes what Salt takes', async () => {
    const context = fakeContext();
    expect(await runFunction(context, saltutil, 'saltutil.refresh_pillar', [true, 60, false])).toBe(true);
    expect(context.fired).toEqual([{ tag: 'pillar_refresh', data: { clean_cache: false } }]);
  });
});

test('list_extmods lists custom files by kind, and no kind without any', async () => {
  const root = await fixtureRoot({
    'modules/greet.js': '',
    'modules/backup.ts': '',
    'modules/notes.txt': '',
    'grains/': '',
  });
  const config = { module_dirs: [join(root, 'modules')], grains_dirs: [join(root, 'grains')] };
  expect(await runFunction(fakeContext({ config }), saltutil, 'saltutil.list_extmods')).toEqual({
    modules: ['backup', 'greet'],
  });
});

test('mmodule calls a function of the minion', async () => {
  const context = fakeContext({ functions: { 'test.echo': ([text], { loud }) => [text, loud] } });
  const given = await runFunction(context, saltutil, 'saltutil.mmodule', ['base', 'test.echo', 'hi'], { loud: true });
  expect(given).toEqual(['hi', true]);
});

test('wheel and update fail as in Salt where there is no master and no frozen build', async () => {
  await expect(runFunction(fakeContext(), saltutil, 'saltutil.wheel', ['key.list_all'])).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: 'This command can only be executed on a minion that is located on the master.',
  });
  expect(await runFunction(fakeContext(), saltutil, 'saltutil.update')).toEqual({
    _error: 'Esky not available as import',
  });
});
