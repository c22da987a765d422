import { expect, test } from 'vitest';
import { startFlood } from '../../../../minion/emulator/flood.ts';
import type { Packet } from '../../../../shared/protocol/message.ts';
import { fakeClock } from '../../../support/fake_context.ts';

test('a flood is two thousand events a second, of which no more than two thousand wait for the master', async () => {
  const clock = fakeClock(0);
  const sent: Packet[] = [];
  let acknowledge: () => void = () => undefined;
  const acknowledged = new Promise<void>((resolve) => {
    acknowledge = resolve;
  });
  const flood = startFlood(
    'm1',
    (packet) => {
      sent.push(packet);
      return acknowledged;
    },
    clock,
  );
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 10) clock.advance(10);
  };
  pass(500);
  expect(sent).toHaveLength(1000);
  expect(sent[0]?.topic).toBe('salt/fire/m1/emulated/flood');
  pass(2000);
  expect(sent).toHaveLength(2000);
  acknowledge();
  await acknowledged;
  await Promise.resolve();
  pass(10);
  expect(sent).toHaveLength(2020);
  flood.stop();
  pass(100);
  expect(sent).toHaveLength(2020);
});
