import { expect, test } from 'vitest';
import { createCounters } from '../../../broker/limits.ts';
import { createRefusals } from '../../../broker/refusals.ts';
import { fakeClock } from '../../support/fake_context.ts';

test('refusals of one client for one reason are one entry, the last first, and each is counted', () => {
  const counters = createCounters();
  const clock = fakeClock(1_000_000);
  const refusals = createRefusals(counters, clock);
  refusals.note('publishes_refused_acl', { client: 'm1', message: 'no', topic: 'a' });
  refusals.note('packets_too_large', { client: '192.0.2.7', message: 'a packet of 9 MiB' });
  clock.advance(5000);
  refusals.note('publishes_refused_acl', { client: 'm1', message: 'never', topic: 'b' });
  expect(refusals.list()).toEqual([
    { what: 'publishes_refused_acl', client: 'm1', count: 2, time: 1005, message: 'never', topic: 'b' },
    { what: 'packets_too_large', client: '192.0.2.7', count: 1, time: 1000, message: 'a packet of 9 MiB' },
  ]);
  expect(counters).toMatchObject({ publishes_refused_acl: 2, packets_too_large: 1 });
});

test('strangers from many addresses, and long words, take no more room than there is', () => {
  const refusals = createRefusals(createCounters(), fakeClock());
  for (let number = 0; number < 1000; number++) {
    refusals.note('protocol_errors', {
      client: `192.0.2.${number}`,
      message: 'x'.repeat(5000),
      topic: 'y'.repeat(5000),
    });
  }
  expect(refusals.list()).toHaveLength(100);
  expect(refusals.list()[0]).toMatchObject({ client: '192.0.2.999' });
  expect(JSON.stringify(refusals.list()).length).toBeLessThan(100 * 600);
});
