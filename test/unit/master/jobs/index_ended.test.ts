import { expect, test } from 'vitest';
import { createEndedIndex } from '../../../../master/jobs/index_ended.ts';
import type { JobUpdate } from '../../../../master/jobs/tracker.ts';
import type { Packet } from '../../../../shared/protocol/message.ts';
import { sampleJob } from '../../../support/sample_job.ts';

const record = sampleJob();
const { jid } = record;

function published(update: Partial<JobUpdate>): Record<string, unknown> {
  const packets: Packet[] = [];
  const index = createEndedIndex((packet) => packets.push(packet), 1000);
  index(record, { id: 'm1', state: 'succeeded', since: 1, reason: undefined, result: undefined, ...update });
  return Object.fromEntries(packets.map(({ topic, payload }) => [topic, JSON.parse(Buffer.from(payload).toString())]));
}

const result = (ms: number, retcode = 0) => ({ id: 'm1', return: 'x', retcode, success: retcode === 0, ms });

test('a part that succeeded in time is not told', () => {
  expect(published({ result: result(999) })).toEqual({});
});

test('a part that failed is told with what it returned', () => {
  expect(published({ state: 'failed', result: result(4, 2) })).toEqual({
    [`salt/idx/fail/${jid}/m1`]: { id: 'm1', jid, fun: record.fun, state: 'failed', retcode: 2, return: 'x', ms: 4 },
  });
});

test('a part that ended without a return is told with its reason', () => {
  expect(published({ state: 'expired', reason: 'offline since yesterday' })).toEqual({
    [`salt/idx/fail/${jid}/m1`]: {
      id: 'm1',
      jid,
      fun: record.fun,
      state: 'expired',
      reason: 'offline since yesterday',
    },
  });
});

test('a slow part is told under slow, and one that failed under both', () => {
  expect(Object.keys(published({ result: result(1000) }))).toEqual([`salt/idx/slow/${jid}/m1`]);
  expect(Object.keys(published({ state: 'failed', result: result(2000, 1) }))).toEqual([
    `salt/idx/fail/${jid}/m1`,
    `salt/idx/slow/${jid}/m1`,
  ]);
});
