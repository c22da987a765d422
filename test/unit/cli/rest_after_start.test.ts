import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { restAfterStart } from '../../../cli/rest_after_start.ts';
import { Inbox } from '../../integration/broker/inbox.ts';
import { fakeClock } from '../../support/fake_context.ts';

test('code is kept and memory given back once, in this order, when the first connection has settled', async () => {
  const clock = fakeClock();
  const done = new Inbox<string>();
  const connected = restAfterStart(
    clock,
    async () => done.push('code kept'),
    () => done.push('memory given back'),
  );
  clock.advance(60_000);
  connected();
  connected();
  clock.advance(1999);
  expect(done.all).toEqual([]);
  clock.advance(1);
  await done.waitForCount(2);
  connected();
  clock.advance(60_000);
  expect(done.all).toEqual(['code kept', 'memory given back']);
});

test('no code that runs later can collect garbage by itself', async () => {
  const clock = fakeClock();
  restAfterStart(clock)();
  clock.advance(2000);
  await new Promise(setImmediate);
  expect(runInNewContext('typeof gc')).toBe('undefined');
});
