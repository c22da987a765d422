import { expect, test } from 'vitest';
import { ASK_STATUS_ANSWER, answerStatusRequest, readStatusAnswer } from '../../../../minion/lib/status_requests.ts';
import { createLinkRecord } from '../../../../minion/link/link_status.ts';
import { FleetError } from '../../../../shared/errors.ts';
import { fakeClock, fakeContext } from '../../../support/fake_context.ts';

test('a failure is told, with since when, until there is a connection', () => {
  const clock = fakeClock(1_000_000);
  const record = createLinkRecord(clock);
  expect(record.status()).toEqual({ state: 'starting', since: 1000, refused: { count: 0 } });
  clock.advance(5000);
  const refused = new FleetError('MASTER_UNREACHABLE', 'nothing listens there', { hint: 'start it' });
  record.failed(refused);
  clock.advance(60_000);
  record.failed(refused);
  expect(record.status()).toMatchObject({
    state: 'waiting',
    since: 1005,
    reason: 'nothing listens there; start it',
    code: 'MASTER_UNREACHABLE',
  });
  record.offered();
  record.connected();
  expect(record.status()).toEqual({ state: 'connected', since: 1065, refused: { count: 0 } });
});

test('who watches is told of each change, and of the same failure once', () => {
  const record = createLinkRecord(fakeClock());
  const told: (string | undefined)[][] = [];
  record.watch(({ state, reason }) => told.push([state, reason]));
  record.offered();
  record.connected();
  record.failed(new FleetError('MASTER_UNREACHABLE', 'it ended'));
  record.failed(new FleetError('MASTER_UNREACHABLE', 'nothing listens there'));
  record.failed(new FleetError('MASTER_UNREACHABLE', 'nothing listens there'));
  record.refused({ topic: 'a', reason: 'acl', message: 'no' });
  expect(told).toEqual([
    ['offered', undefined],
    ['connected', undefined],
    ['waiting', 'it ended'],
    ['waiting', 'nothing listens there'],
  ]);
});

test('refusals are counted, and the last is kept', () => {
  const record = createLinkRecord(fakeClock(1_000_000));
  record.refused({ topic: 'a', reason: 'acl', message: 'no' });
  record.refused({ topic: 'b', reason: 'rate', message: 'too many' });
  expect(record.status().refused).toEqual({
    count: 2,
    last: { topic: 'b', reason: 'rate', message: 'too many', time: 1000 },
  });
});

test('who asks on the minion’s own bus is answered under his number, and a question that is none only logged', async () => {
  const { events, fired, log, logged } = fakeContext();
  const { status } = createLinkRecord(fakeClock(1_000_000));
  await answerStatusRequest({ c: '7-1' }, { status, events, log });
  expect(fired).toEqual([{ tag: ASK_STATUS_ANSWER, data: { c: '7-1', status: status() } }]);
  expect(readStatusAnswer(fired[0]?.data)).toEqual(status());
  await answerStatusRequest({}, { status, events, log });
  expect(fired).toHaveLength(1);
  expect(logged.map(({ message }) => message)).toContain('an event minion_status is not understood');
});
