import * as v from 'valibot';
import { expect, test } from 'vitest';
import { defineModule, fn, type MinionContext } from '../../../../minion/context.ts';
import { createExclusive } from '../../../../minion/jobs/exclusive.ts';
import { type ExecuteOptions, executeJob } from '../../../../minion/jobs/execute.ts';
import { JobStop, type StopReason } from '../../../../minion/jobs/job_stop.ts';
import { FleetError } from '../../../../shared/errors.ts';
import { Integer, Text } from '../../../../shared/plugin/args.ts';
import type { JobPayload } from '../../../../shared/protocol/messages/job.ts';
import { fakeContext } from '../../../support/fake_context.ts';

const examples = ["salt '*' probe.echo x"];

const probe = defineModule({
  summary: 'Return what a test wants.',
  functions: {
    alone: fn({
      summary: 'Needs its turn.',
      args: { queue: v.optional(v.boolean()) },
      examples: [],
      exclusive: 'state',
      run: () => 'ran',
    }),
    echo: fn({ summary: 'Echo.', args: { text: Text }, examples, run: (_context, { text }) => text }),
    two: fn({ summary: 'Two.', args: { a: Integer, b: v.optional(Integer, 2) }, examples, run: () => 1 }),
    nothing: fn({ summary: 'Nothing.', args: {}, examples, run: () => undefined }),
    value: fn({ summary: 'A mapping.', args: { of: v.unknown() }, examples, run: (_context, { of }) => of }),
    shown: fn({
      summary: 'Sets outputter and return code.',
      args: { retcode: Integer },
      examples,
      run(context, { retcode }) {
        context.setRetcode(retcode);
        context.setOut('highstate');
        return { result: false };
      },
    }),
    fail: fn({
      summary: 'Fails as told.',
      args: { code: Text },
      examples,
      run(_context, { code }) {
        throw new FleetError(code as 'COMMAND_FAILED', 'it did not work', { hint: 'try again' });
      },
    }),
    crash: fn({
      summary: 'A bug.',
      args: {},
      examples,
      run(context) {
        context.setRetcode(0);
        throw new RangeError('off by one');
      },
    }),
  },
});

const modules: Readonly<Record<string, typeof probe>> = {
  probe,
  absent: defineModule({ summary: 'Not here.', unavailable: () => 'no systemd', functions: {} }),
};

function execute(
  fun: string,
  job: Partial<JobPayload> = {},
  stop = new JobStop(),
  exclusive = createExclusive(1, () => ''),
) {
  const context = fakeContext();
  const catalogue: MinionContext['catalogue'] = {
    ...context.catalogue,
    moduleNames: Object.keys(modules),
    async find(name) {
      const reason = modules[name]?.unavailable?.(context);
      return reason === undefined ? modules[name] : { unavailable: reason };
    },
  };
  const options: ExecuteOptions = {
    id: 'm1',
    catalogue,
    clock: context.clock,
    log: context.log,
    exclusive,
    contextOf: (_job, _signal, outcome) => ({
      ...context,
      setRetcode(retcode) {
        outcome.retcode = retcode;
      },
      setOut(out) {
        outcome.out = out;
      },
    }),
  };
  return executeJob(options, { jid: '20260101000000000001', fun, exp: 1, ...job }, stop);
}

function stopped(reason: StopReason): JobStop {
  const stop = new JobStop();
  stop.stop(reason);
  return stop;
}

test('a return says who ran what, with which arguments, and for how long', async () => {
  expect(await execute('probe.echo', { arg: ['hi'] })).toEqual({
    id: 'm1',
    jid: '20260101000000000001',
    fun: 'probe.echo',
    fun_args: ['hi'],
    return: 'hi',
    retcode: 0,
    success: true,
    ms: 0,
  });
});

test('a function that returns nothing returns None', async () => {
  expect((await execute('probe.nothing')).return).toBe(null);
});

test.each([
  ['a value', 'x', 0],
  ['False', false, 0],
  ['a mapping', { a: 1 }, 0],
  ['a result that is True', { result: true }, 0],
  ['a result that is False', { result: false }, 1],
  ['a result that is None', { result: null }, 0],
  ['a success that is False', { success: false }, 1],
  ['a list', [{ result: false }], 0],
])('the return code of %s', async (_what, of, retcode) => {
  expect(await execute('probe.value', { kwarg: { of } })).toMatchObject({ retcode, success: retcode === 0 });
});

test('what the function set itself counts, and its outputter goes with the return', async () => {
  expect(await execute('probe.shown', { arg: [0] })).toMatchObject({ retcode: 0, success: true, out: 'highstate' });
  expect(await execute('probe.shown', { arg: [7] })).toMatchObject({ retcode: 7, success: false });
});

test.each([
  ['nosuch.thing', {}, "'nosuch.thing' is not available.", 'FUNCTION_UNKNOWN'],
  ['probe.constructor', {}, "'probe.constructor' is not available.", 'FUNCTION_UNKNOWN'],
  ['absent.thing', {}, "'absent' __virtual__ returned False: no systemd", 'MODULE_UNAVAILABLE'],
  ['probe.fail', { arg: ['COMMAND_FAILED'] }, 'ERROR: it did not work; try again', 'COMMAND_FAILED'],
  ['probe.fail', { arg: ['LIMIT_EXCEEDED'] }, 'ERROR: it did not work; try again', 'LIMIT_EXCEEDED'],
  ['probe.fail', { arg: ['FILE_UNREADABLE'] }, 'ERROR: it did not work; try again', 'FILE_UNREADABLE'],
  ['probe.crash', {}, 'The minion function caused an exception: RangeError: off by one', 'MODULE_CRASHED'],
])('%s %j says it in the words of Salt', async (fun, job, text, code) => {
  const result = await execute(fun, job);
  expect(result).toMatchObject({ retcode: 1, success: false, error: { code } });
  expect(String(result.return)).toContain(text);
});

test('wrong arguments are answered with the reason and the documentation', async () => {
  const { return: text, error } = await execute('probe.two', { arg: [1, 2, 3] });
  expect(text).toMatch(/^Passed invalid arguments to probe\.two: two\(\) takes from 1 to 2 positional arguments/);
  expect(text).toContain('    Two.');
  expect(error?.code).toBe('ARGS_INVALID');
});

test('a job that was stopped from outside says so, whatever the function made of it', async () => {
  const cancelled = stopped('cancelled');
  const late = stopped('timeout');
  expect((await execute('probe.echo', { arg: ['x'] }, cancelled)).ended).toBe('cancelled');
  expect((await execute('probe.echo', { arg: ['x'] }, late)).ended).toBe('timed_out');
  expect((await execute('probe.crash', {}, cancelled)).ended).toBe('cancelled');
  expect((await execute('probe.echo', { arg: ['x'] })).ended).toBeUndefined();
});

test('what a function returns at once is there at once, once its module is known', async () => {
  const context = fakeContext();
  const catalogue: MinionContext['catalogue'] = { ...context.catalogue, find: () => probe };
  const options: ExecuteOptions = {
    ...context,
    catalogue,
    exclusive: createExclusive(1, () => ''),
    contextOf: () => context,
  };
  const run = (fun: string) => executeJob(options, { jid: '20260101000000000001', fun, exp: 1 }, new JobStop());
  expect(run('probe.nothing')).toMatchObject({ return: null, success: true });
  expect(run('probe.crash')).toMatchObject({ success: false, error: { code: 'MODULE_CRASHED' } });
  expect(run('probe.nosuch')).toMatchObject({ success: false, error: { code: 'FUNCTION_UNKNOWN' } });
  expect(run('probe.alone')).toBeInstanceOf(Promise);
});

test('a function of an exclusive group runs when it is its turn, and is refused when it is not', async () => {
  const exclusive = createExclusive(1, () => 'then');
  const leave = await exclusive.enter(
    'state',
    { jid: '20260101000000000000', fun: 'state.apply', exp: 1 },
    new AbortController().signal,
  );
  const refused = await execute('probe.alone', {}, undefined, exclusive);
  expect(refused).toMatchObject({
    success: false,
    return: expect.stringContaining('"state.apply" is running as PID 1'),
  });
  const queued = execute('probe.alone', { kwarg: { queue: true } }, undefined, exclusive);
  leave();
  expect(await queued).toMatchObject({ success: true, return: 'ran' });
});
