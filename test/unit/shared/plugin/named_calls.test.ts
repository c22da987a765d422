import { expect, test } from 'vitest';
import { withNamedCalls } from '../../../../shared/plugin/named_calls.ts';

const callsOf = (fun: string, arg: readonly unknown[], kwarg: Readonly<Record<string, unknown>> = {}) =>
  withNamedCalls({ fun, arg, kwarg }).slice(1);

test.each<[string, readonly unknown[], Readonly<Record<string, unknown>>, readonly unknown[], object]>([
  ['test.cross_test', ['cmd.run', ['id']], {}, ['id'], {}],
  ['test.cross_test', [], { func: 'cmd.run', args: ['id'] }, ['id'], {}],
  ['test.try', ['cmd.run'], { cmd: 'id', return_try_exception: true }, [], { cmd: 'id' }],
  ['test.try', [], { module: 'cmd.run', cmd: 'id' }, [], { cmd: 'id' }],
  ['saltutil.mmodule', ['base', 'cmd.run', 'id'], { shell: '/bin/sh' }, ['id'], { shell: '/bin/sh' }],
  ['saltutil.mmodule', [], { saltenv: 'base', fun: 'cmd.run', cmd: 'id' }, [], { cmd: 'id' }],
  ['mine.send', ['cmd.run', 'id'], {}, ['id'], {}],
  ['mine.send', ['alias', 'id'], { mine_function: 'cmd.run' }, ['id'], {}],
  ['mine.send', [], { name: 'cmd.run', cmd: 'id' }, [], { cmd: 'id' }],
  ['mine.update', [false, { 'cmd.run': ['id'] }], {}, ['id'], {}],
  ['mine.update', [], { mine_functions: { alias: [{ mine_function: 'cmd.run' }, 'id'] } }, ['id'], {}],
  ['schedule.add', ['job1'], { function: 'cmd.run', job_args: ['id'], seconds: 5 }, ['id'], {}],
  [
    'schedule.add',
    ['job1'],
    { fun: 'cmd.run', args: 'id', job_kwargs: { shell: '/bin/sh' } },
    ['id'],
    { shell: '/bin/sh' },
  ],
])('%s with %j and %j calls a function by its name', (fun, arg, kwarg, expectedArg, expectedKwarg) => {
  expect(callsOf(fun, arg, kwarg)).toEqual([{ fun: 'cmd.run', arg: expectedArg, kwarg: expectedKwarg }]);
});

test('a schedule that names two functions, or arguments twice, is asked about with all of them', () => {
  const kwarg = { function: 'test.ping', func: 'cmd.run', job_args: [], args: ['id'] };
  expect(callsOf('schedule.add', ['job1'], kwarg).map(({ fun, arg }) => [fun, arg])).toEqual([
    ['test.ping', []],
    ['test.ping', ['id']],
    ['cmd.run', []],
    ['cmd.run', ['id']],
  ]);
});

test('what is not named could be anything', () => {
  expect(callsOf('schedule.modify', ['job1'], { job_args: ['id'] })).toEqual([{ fun: '', arg: ['id'], kwarg: {} }]);
  expect(callsOf('test.try', [])).toEqual([{ fun: '', arg: [], kwarg: {} }]);
});

test('calls within calls are followed, and beyond a depth count as anything', () => {
  expect(callsOf('test.try', ['test.cross_test'], { func: 'cmd.run', args: ['id'] }).map(({ fun }) => fun)).toEqual([
    'test.cross_test',
    'cmd.run',
  ]);
  let call: { fun: string; arg: unknown[] } = { fun: 'test.ping', arg: [] };
  for (let depth = 0; depth < 20; depth++) call = { fun: 'test.cross_test', arg: [call.fun, call.arg] };
  expect(callsOf(call.fun, call.arg).at(-1)).toEqual({ fun: '', arg: [], kwarg: {} });
});

test('any other function calls nothing by name', () => {
  expect(callsOf('test.ping', ['cmd.run'], { module: 'cmd.run' })).toEqual([]);
  expect(callsOf('constructor', [])).toEqual([]);
});
