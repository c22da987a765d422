import { expect, test } from 'vitest';
import saltutil from '../../../../../minion/modules/saltutil.ts';
import { fakeContext } from '../../../../support/fake_context.ts';
import { runFunction } from '../../../../support/run_function.ts';

function machine(answer: unknown) {
  const asked: unknown[] = [];
  const master = {
    async ask(verb: string, payload: unknown, timeout?: number) {
      asked.push([verb, payload, timeout]);
      return answer;
    },
  };
  const context = fakeContext({ master });
  return {
    asked,
    call: (fun: string, args: unknown[], kwargs = {}) => runFunction(context, saltutil, fun, args, kwargs),
  };
}

const web1 = { ret: true, retcode: 0 };

test('cmd asks the master to run a job, and returns what came back by minion', async () => {
  const { call, asked } = machine({ jid: '1', minions: ['web1'], returns: { web1 } });
  expect(await call('saltutil.cmd', ['web*', 'test.ping'])).toEqual({ web1 });
  const kwargs = { tgt_type: 'compound', timeout: 30, ret: 'jsonl', kwarg: { cwd: '/' } };
  expect(await call('saltutil.cmd_iter', ['web*', 'cmd.run', ['ls']], kwargs)).toEqual([{ web1 }]);
  const job = { op: 'publish', tgt: 'web*', tgt_type: 'glob', fun: 'test.ping', arg: [], kwarg: {}, timeout: 5 };
  expect(asked).toEqual([
    ['publish', job, 10],
    ['publish', { ...job, fun: 'cmd.run', arg: ['ls'], ...kwargs }, 35],
  ]);
});

test('jobs cannot make jobs without end', async () => {
  const { call, asked } = machine({});
  for (const fun of ['saltutil.cmd', 'saltutil.cmd_iter', 'publish.publish']) {
    await expect(call('saltutil.cmd', ['*', fun])).rejects.toThrow('cannot be run on other minions');
  }
  await expect(call('saltutil.cmd', ['*', 'test.ping'], { ssh: true })).rejects.toThrow('there is no salt-ssh');
  expect(asked).toEqual([]);
});

test('runner asks the master for a runner', async () => {
  const { call, asked } = machine(['m2']);
  expect(await call('saltutil.runner', ['manage.down'])).toEqual(['m2']);
  const how = { arg: ['a'], kwarg: { b: 1 }, full_return: true };
  expect(await call('saltutil.runner', ['test.arg'], how)).toEqual({ return: ['m2'], success: true });
  expect(asked).toEqual([
    ['publish', { op: 'runner', fun: 'manage.down', arg: [], kwarg: {} }, 10],
    ['publish', { op: 'runner', fun: 'test.arg', arg: ['a'], kwarg: { b: 1 } }, 10],
  ]);
});
