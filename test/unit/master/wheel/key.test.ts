import { expect, test } from 'vitest';
import type { Authority } from '../../../../master/keys/authority.ts';
import type { KeyStore } from '../../../../master/keys/key_store.ts';
import type { MinionKey } from '../../../../master/keys/key_table.ts';
import key from '../../../../master/wheel/key.ts';
import { fakeMasterContext } from '../../../support/fake_master_context.ts';
import { runFunction } from '../../../support/run_function.ts';

const FINGERPRINT = 'ab'.repeat(32);

test('the fingerprints of many keys are told with other work in between', async () => {
  const accepted = Array.from({ length: 3000 }, (_, index) => `n${String(index).padStart(4, '0')}`);
  let asked = 0;
  const keyOf = (id: string): MinionKey => ({ id, state: 'accepted', fingerprint: FINGERPRINT, pem: '' });
  const context = fakeMasterContext({
    authority: { fingerprint: FINGERPRINT } as Authority,
    keys: {
      rescan: async () => undefined,
      find: () => ({ accepted, denied: [], unaccepted: [], rejected: [] }),
      get(id: string) {
        asked++;
        for (const untilMs = performance.now() + 0.005; performance.now() < untilMs; );
        return [keyOf(id)];
      },
    } as unknown as KeyStore,
  });
  const told = runFunction(context, key, 'key.finger', [['*']]);
  await new Promise(setImmediate);
  expect(asked).toBeLessThan(accepted.length);
  const { minions } = (await told) as { readonly minions: Readonly<Record<string, string>> };
  expect(Object.keys(minions)).toEqual(accepted);
});
