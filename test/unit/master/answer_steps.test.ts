import { expect, test } from 'vitest';
import { answerBy } from '../../../master/answer_steps.ts';
import type { Answer } from '../../../master/events/event_streams.ts';
import { fakeClock } from '../../support/fake_context.ts';

function setUp(gather: boolean | 'moment' | undefined) {
  const clock = fakeClock();
  const told: { t: string; steps?: { id?: string; t: string }[]; error?: unknown }[] = [];
  const answer = answerBy(gather, (payload) => told.push(JSON.parse(Buffer.from(payload).toString())), clock);
  return { clock, told, answer };
}
const ret = (id: string, value: unknown = true) =>
  ({ t: 'ret', id, jid: '20261122093047146206', return: value, retcode: 0, success: true }) as const;
const turn = (): Promise<unknown> => new Promise(setImmediate);
const give = (answer: Answer, ...ids: string[]): void => {
  for (const id of ids) answer(ret(id));
};

test('each step is a message by itself', () => {
  const { answer, told } = setUp(undefined);
  give(answer, 'a', 'b');
  answer({ t: 'end' });
  expect(told.map(({ t }) => t)).toEqual(['ret', 'ret', 'end']);
});

test('with gather all steps come as one at the end', () => {
  const { answer, told } = setUp(true);
  give(answer, 'a', 'b');
  expect(told).toEqual([]);
  answer({ t: 'end' });
  expect(told).toEqual([{ t: 'all', steps: [ret('a'), ret('b')] }]);
});

test('with gather an answer beyond the limit of a message is refused with what to do', () => {
  const { answer, told } = setUp(true);
  answer(ret('a', 'x'.repeat(2 * 1024 ** 2)));
  answer({ t: 'end' });
  expect(told).toEqual([
    {
      t: 'error',
      error: {
        code: 'LIMIT_EXCEEDED',
        message: 'the answer does not fit one message',
        hint: 'ask without gather',
      },
    },
  ]);
});

test('steps of one turn come as one message, at the end of the turn', async () => {
  const { answer, told } = setUp('moment');
  give(answer, 'a', 'b');
  expect(told).toEqual([]);
  await turn();
  expect(told).toEqual([{ t: 'some', steps: [ret('a'), ret('b')] }]);
});

test('a step that comes alone is told as ever', async () => {
  const { answer, told } = setUp('moment');
  give(answer, 'a');
  await turn();
  expect(told).toEqual([ret('a')]);
});

test('what comes soon after a message waits for others, and then goes out in order', async () => {
  const { answer, told, clock } = setUp('moment');
  give(answer, 'a');
  await turn();
  give(answer, 'b');
  await turn();
  give(answer, 'c');
  clock.advance(19);
  expect(told).toEqual([ret('a')]);
  clock.advance(1);
  expect(told.slice(1)).toEqual([{ t: 'some', steps: [ret('b'), ret('c')] }]);
});

test.each(['end', 'error'] as const)('the last step waits for nothing (%s)', async (t) => {
  const { answer, told } = setUp('moment');
  give(answer, 'a');
  await turn();
  give(answer, 'b', 'c');
  const last = t === 'end' ? { t } : { t, error: { code: 'JOB_UNKNOWN' as const, message: 'gone' } };
  answer(last);
  expect(told.slice(1)).toEqual([{ t: 'some', steps: [ret('b'), ret('c')] }, last]);
});

test('much goes out before the moment is over, and a large step by itself', () => {
  const { answer, told } = setUp('moment');
  give(answer, 'a');
  answer(ret('large', 'x'.repeat(70 * 1024)));
  expect(told.map(({ t }) => t)).toEqual(['ret', 'ret']);
  const many = Array.from({ length: 1000 }, (_, index) => `m${index}`);
  give(answer, ...many);
  answer({ t: 'end' });
  const after = told.slice(2);
  expect(after.length).toBeGreaterThan(1);
  expect(after.flatMap(({ steps = [] }) => steps).flatMap(({ id }) => id ?? [])).toEqual(many);
});
