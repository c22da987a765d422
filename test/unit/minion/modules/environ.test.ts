import { expect, test } from 'vitest';
import { createJobEnvironment } from '../../../../minion/lib/job_environment.ts';
import environ from '../../../../minion/modules/environ.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { runFunction } from '../../../support/run_function.ts';

/** A minion whose jobs begin with the variables A and B. */
function machine() {
  const env: Record<string, string | undefined> = { A: '1', B: '', none: undefined };
  const job = () => {
    const context = fakeContext({ environment: createJobEnvironment(env) });
    return (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
      runFunction(context, environ, `environ.${fun}`, args, kwargs);
  };
  return { job, env };
}

test('variables are read', async () => {
  const run = machine().job();
  expect(await run('items')).toEqual({ A: '1', B: '' });
  expect([await run('get', ['A']), await run('get', ['C']), await run('get', ['C', 'x'])]).toEqual(['1', '', 'x']);
  expect(await run('item', ['A,C'], { default: 'x' })).toEqual({ A: '1', C: 'x' });
  expect([await run('has_value', ['B']), await run('has_value', ['C'])]).toEqual([true, false]);
  expect([await run('has_value', ['A', 1]), await run('has_value', ['A', 2])]).toEqual([true, false]);
  expect(await run('get', ['constructor'])).toBe('');
});

test('what a job sets is its own', async () => {
  const { job } = machine();
  const run = job();
  expect(await run('setval', ['C', 'x'])).toBe('x');
  expect(await run('setval', ['A', false])).toBe('');
  expect(await run('setval', ['B', false], { false_unsets: true })).toBeNull();
  expect(await run('items')).toEqual({ A: '', C: 'x' });
  expect(await job()('items')).toEqual({ A: '1', B: '' });
  await expect(run('setval', ['A=B', 'x'])).rejects.toThrow('key: must be the name of a variable');
});

test('with update_minion it is there for jobs that come', async () => {
  const { job } = machine();
  const changes = { environ: { C: 'x', B: false }, false_unsets: true, update_minion: true };
  expect(await job()('setenv', [], changes)).toEqual({ C: 'x', B: null });
  expect(await job()('items')).toEqual({ A: '1', C: 'x' });
});

test('all others can be cleared', async () => {
  const run = machine().job();
  expect(await run('setenv', [{ A: 2 }], { clear_all: true, false_unsets: true })).toEqual({ A: '2', B: null });
  expect(await run('items')).toEqual({ A: '2' });
});
