import { expect, test } from 'vitest';
import { createRotation, type RotationOptions } from '../../../../master/keys/rotation.ts';
import { FULL, settle } from '../../../support/dispatcher_rig.ts';
import { fakeClock } from '../../../support/fake_context.ts';

test('many minions are told of a new key little by little, each of them once before it signs', async () => {
  const ids = Array.from({ length: 2000 }, (_, index) => `n${index}`);
  const sent: string[] = [];
  let sentBeforeItSigns = 0;
  const rotation = createRotation({
    authority: {
      kid: 'c0ffee12',
      told: () => ({ signing_certs: [] }),
      prepareSigningKey: () => ({
        async take() {
          sentBeforeItSigns = sent.length;
        },
        drop: () => undefined,
      }),
    },
    fleet: { onlineIds: () => ids, info: () => FULL },
    devices: { get: () => undefined },
    broker: () => ({
      send(id: string, _packet: unknown, acknowledged: () => void) {
        for (const untilMs = performance.now() + 0.02; performance.now() < untilMs; );
        sent.push(id);
        acknowledged();
        return true;
      },
    }),
    emit: () => undefined,
    clock: fakeClock(),
  } as unknown as RotationOptions);
  let most = 0;
  let isOver = false;
  const rotated = rotation.rotateSigningKey(60).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const before = sent.length;
    await settle();
    most = Math.max(most, sent.length - before);
  }
  expect((await rotated).told).toEqual(ids);
  expect([sentBeforeItSigns, sent.length]).toEqual([ids.length, 2 * ids.length]);
  expect(most).toBeLessThan(ids.length);
});
