import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { chooseMinions, makeRecord, planBatch } from '../../../../master/jobs/make_record.ts';
import { BatchRequest, JobRequest } from '../../../../shared/protocol/messages/operator.ts';

const request = (members: Partial<v.InferInput<typeof JobRequest>> = {}): JobRequest =>
  v.parse(JobRequest, { op: 'job', tgt: '*', fun: 'test.ping', ...members });
const batch = (members: v.InferInput<typeof BatchRequest>): BatchRequest => v.parse(BatchRequest, members);
const all = { minions: ['a', 'b', 'c', 'd'], online: ['a', 'b', 'c'] };

describe('whom a job is for', () => {
  it('is everybody that matched, when the request does not say', () => {
    expect(chooseMinions(all, request(), () => 0)).toEqual(all);
  });

  it('is nobody below the quorum, and the error counts', () => {
    expect(() => chooseMinions(all, request({ quorum: 0.9 }), () => 0)).toThrow(
      expect.objectContaining({ code: 'QUORUM_MISSED', message: '3 of 4 minions are connected, the quorum is 4' }),
    );
    expect(chooseMinions(all, request({ quorum: 0.75 }), () => 0)).toEqual(all);
  });

  it.each([
    [1, 0, ['a']],
    [1, 0.99, ['c']],
    [2, 0.5, ['b', 'c']],
    [9, 0, ['a', 'b', 'c']],
  ])('is a subset of %i, drawn from those that are there', (subset, random, expected) => {
    expect(chooseMinions(all, request({ subset }), () => random)).toEqual({ minions: expected, online: expected });
  });
});

describe('a batch', () => {
  it.each<[v.InferInput<typeof BatchRequest>, number, object]>([
    [{ size: 3 }, 10, { size: 3, wait_ms: 0 }],
    [{ size: '25%' }, 10, { size: 2, wait_ms: 0 }],
    [{ size: '1%' }, 10, { size: 1, wait_ms: 0 }],
    [{ size: '100%', rate: 50 }, 10, { size: 10, wait_ms: 0, per_second: 50 }],
    [{ size: 1, wait: 1.5, failhard: true }, 10, { size: 1, wait_ms: 1500, failures_max: 1 }],
    [{ size: 1, abort_on_failures: 0.05 }, 100, { size: 1, wait_ms: 0, failures_max: 5 }],
    [{ size: 1, abort_on_failures: 0.05 }, 10, { size: 1, wait_ms: 0, failures_max: 1 }],
  ])('%j of %i minions', (given, count, plan) => {
    expect(planBatch(batch(given), count)).toEqual(plan);
  });
});

describe('the record of a job', () => {
  const defaults = { timeoutSeconds: 5, queueForSeconds: 0, runSeconds: 3600 };
  const make = (members: Partial<v.InferInput<typeof JobRequest>> = {}, queueForSeconds = 0) =>
    makeRecord('20260101000000000001', 'root', request(members), all, { ...defaults, queueForSeconds }, 1000.2);

  it.each<[string, Partial<v.InferInput<typeof JobRequest>>, number, object]>([
    ['expires with the timeout', {}, 0, { exp: 1006 }],
    ['expires with the timeout that was asked for', { timeout: 30 }, 0, { exp: 1031 }],
    ['is kept as long as it was asked for', { queue_for: 600 }, 0, { exp: 1601, queues_offline: true }],
    ['is kept as long as the configuration says', {}, 60, { exp: 1061, queues_offline: true }],
    ['is not kept when the request says so', { queue_for: 0 }, 60, { exp: 1006 }],
    ['runs as long as it was asked for', { run_timeout: 90 }, 0, { timeout_ms: 90_000 }],
    ['runs no longer than any job may', { run_timeout: 7200 }, 0, { timeout_ms: 3_600_000 }],
    [
      'of a batch lasts until its last part began',
      { batch: { size: 1 } },
      0,
      { exp: 4606, batch: { size: 1, wait_ms: 0, start_s: 5 } },
    ],
    ['names returners', { ret: 'jsonl', ret_config: 'x' }, 0, { ret: 'jsonl', ret_config: 'x' }],
  ])('%s', (_what, members, queueForSeconds, expected) => {
    expect(make(members, queueForSeconds)).toMatchObject(expected);
  });

  it('is of no batch when fewer minions match than batches begin at', () => {
    expect(make({ batch: { size: 8, above: 3 } })).not.toHaveProperty('batch');
    expect(make({ batch: { size: 8, above: 2 } })).toHaveProperty('batch');
  });
});
