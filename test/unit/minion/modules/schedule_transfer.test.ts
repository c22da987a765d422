import { expect, test } from 'vitest';
import { splitPublished } from '../../../../minion/lib/split_published.ts';
import schedule from '../../../../minion/modules/schedule.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { runFunction } from '../../../support/run_function.ts';

/** As `schedule.add` makes it, with its name. */
const job1 = {
  name: 'job1',
  function: 'cmd.run',
  seconds: 60,
  args: ['date >> /tmp/x'],
  kwargs: { python_shell: true },
  enabled: true,
};

/** A minion with one job, and others that answer what the test says. */
function setUp(answers: Readonly<Record<string, unknown>>) {
  const published: unknown[][] = [];
  const deleted: unknown[] = [];
  const plain = fakeContext();
  const context = fakeContext({
    schedules: { ...plain.schedules, all: () => ({ job1 }) },
    functions: {
      'publish.publish': (args) => {
        published.push([...args]);
        return answers;
      },
      'schedule.delete': ([name]) => deleted.push(name),
    },
  });
  const call = (fun: string, ...args: unknown[]) => runFunction(context, schedule, `schedule.${fun}`, args);
  return { call, published, deleted };
}

test('a job is copied with all that it is, as schedule.add takes it', async () => {
  const { call, published, deleted } = setUp({ web1: { result: true }, web2: { result: true } });
  expect(await call('copy', 'job1', 'web*')).toEqual({
    comment: 'Copied Job job1 from schedule to minion(s).',
    result: true,
    minions: ['web1', 'web2'],
  });
  const [target, fun, given] = published[0] ?? [];
  expect([target, fun]).toEqual(['web*', 'schedule.add']);
  const { name: _name, args, kwargs, ...rest } = job1;
  expect(splitPublished(given)).toEqual({ arg: ['job1'], kwarg: { ...rest, job_args: args, job_kwargs: kwargs } });
  expect(deleted).toEqual([]);
});

test('a job is moved: it is deleted here when all others have it', async () => {
  const { call, deleted } = setUp({ web1: { result: true } });
  expect(await call('move', 'job1', 'web1')).toEqual({
    comment: 'Moved Job job1 from schedule.',
    result: true,
    minions: ['web1'],
  });
  expect(deleted).toEqual(['job1']);
});

test.each([
  ['nobody answers', {}, { comment: 'no servers answered the published schedule.add command', result: false }],
  [
    'one refuses',
    { web1: { result: true }, web2: { result: false } },
    { comment: 'the following minions return False', result: false, minions: ['web2'] },
  ],
])('a job stays when %s', async (_what, answers, expected) => {
  const { call, deleted } = setUp(answers);
  expect(await call('move', 'job1', 'web*')).toEqual(expected);
  expect(deleted).toEqual([]);
});

test('a job that is not there is neither copied nor moved', async () => {
  const { call, published } = setUp({});
  for (const fun of ['copy', 'move']) {
    expect(await call(fun, 'nope', '*')).toMatchObject({ comment: 'Job nope does not exist.', result: false });
  }
  expect(published).toEqual([]);
});
