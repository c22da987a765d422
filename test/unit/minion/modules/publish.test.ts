import { expect, test } from 'vitest';
import publish from '../../../../minion/modules/publish.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { runFunction } from '../../../support/run_function.ts';

test('publish asks the master and returns what minions returned', async () => {
  const asked: unknown[] = [];
  const master = {
    async ask(...question: unknown[]) {
      asked.push(question);
      return { returns: { web1: { ret: true, retcode: 0 } } };
    },
  };
  expect(await runFunction(fakeContext({ master }), publish, 'publish.publish', ['web*', 'test.ping'])).toEqual({
    web1: true,
  });
  expect(asked).toMatchObject([['publish', { op: 'publish', tgt: 'web*', fun: 'test.ping', tgt_type: 'glob' }, 10]]);
});

test('a minion has one master, so that none can be chosen', async () => {
  const call = runFunction(fakeContext(), publish, 'publish.publish', ['*', 'test.ping'], { via_master: 'm2' });
  await expect(call).rejects.toMatchObject({ code: 'ARGS_INVALID', message: expect.stringContaining('via_master') });
});
