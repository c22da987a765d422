import { expect, test } from 'vitest';
import { createRequests } from '../../../../minion/link/requests.ts';
import type { Packet } from '../../../../shared/protocol/message.ts';
import { JobResponse, Request } from '../../../../shared/protocol/messages/job.ts';
import { fakeClock } from '../../../support/fake_context.ts';

function setUp(publish: (packet: Packet) => Promise<void> = async () => undefined) {
  const clock = fakeClock();
  const asked: { c: string; time?: unknown }[] = [];
  const requests = createRequests(
    'm1',
    (packet) => {
      asked.push(Request.decode(packet.topic, packet.payload)!.payload);
      return publish(packet);
    },
    clock,
  );
  const answer = (index: number, response: Parameters<typeof JobResponse.encode>[1]): void => {
    const { topic, payload } = JobResponse.encode({ id: 'm1', c: String(asked[index]?.c) }, response);
    requests.answer(topic, payload);
  };
  return { requests, asked, answer, clock };
}

test('each answer finds its question', async () => {
  const { requests, asked, answer } = setUp();
  const [first, second] = [requests.ask('hello', { time: 1 }), requests.ask('hello', { time: 2 })];
  expect(asked.map(({ time }) => time)).toEqual([1, 2]);
  answer(1, { value: 'b' });
  answer(0, { value: 'a' });
  expect([await first, await second]).toEqual(['a', 'b']);
});

test('an error of the master is the error of the question', async () => {
  const { requests, answer } = setUp();
  const asked = requests.ask('pillar', {});
  answer(0, { error: { code: 'FUNCTION_UNKNOWN', message: 'no pillar here', hint: 'wait' } });
  await expect(asked).rejects.toMatchObject({ code: 'FUNCTION_UNKNOWN', message: 'no pillar here', hint: 'wait' });
});

test('who asked hears that the connection ended, or that there was none', async () => {
  const { requests } = setUp();
  const asked = requests.ask('hello', {});
  requests.abandon();
  await expect(asked).rejects.toMatchObject({ code: 'MASTER_UNREACHABLE' });
  const offline = setUp(() => Promise.reject(new Error('not connected')));
  await expect(offline.requests.ask('hello', {})).rejects.toThrow('not connected');
});

test('an answer that nobody waits for is ignored', () => {
  const { requests } = setUp();
  const { topic, payload } = JobResponse.encode({ id: 'm1', c: 'x7' }, { value: 1 });
  expect(() => requests.answer(topic, payload)).not.toThrow();
});

test('an answer that is no answer leaves the question open until the connection ends', async () => {
  const { requests, asked } = setUp();
  const question = requests.ask('hello', {});
  const topic = `salt/job/m1/rsp/${String(asked[0]?.c)}`;
  expect(() => requests.answer(topic, Buffer.from('{"error": 7}'))).toThrow('response');
  requests.abandon();
  await expect(question).rejects.toMatchObject({ code: 'MASTER_UNREACHABLE' });
});

test('a question that nobody answers in time says how long it was waited for', async () => {
  const { requests, answer, clock } = setUp();
  const asked = requests.ask('mine', {}, 5);
  const other = requests.ask('mine', {});
  clock.advance(5000);
  await expect(asked).rejects.toMatchObject({
    code: 'TIMED_OUT',
    message: 'the master did not answer request mine within 5 s',
  });
  // Too late, and nobody minds.
  answer(0, { value: 1 });
  answer(1, { value: 2 });
  expect(await other).toBe(2);
});
