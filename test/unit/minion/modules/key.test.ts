import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import key from '../../../../minion/modules/key.ts';
import { createCertificateAuthority } from '../../../../shared/crypto/certificate.ts';
import { colonFingerprint, fingerprintOf } from '../../../../shared/crypto/fingerprint.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const config = { pki_dir: '/etc/salt/pki/minion' };

test('fingerprints are those that salt-key prints', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const master = generateKeyPairSync('ed25519').privateKey;
  const root = await fixtureRoot({
    'etc/salt/pki/minion/minion.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'etc/salt/pki/minion/minion_master.crt': createCertificateAuthority('master', master, Date.now()).certPem,
  });
  const context = fakeContext({ root, config });
  expect(await runFunction(context, key, 'key.finger')).toBe(colonFingerprint(fingerprintOf(privateKey)));
  expect(await runFunction(context, key, 'key.finger_master')).toBe(colonFingerprint(fingerprintOf(master)));
  expect(await runFunction(context, key, 'key.finger', ['md5'])).toMatch(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
  await expect(runFunction(context, key, 'key.finger', ['nonsense'])).rejects.toThrow("there is no digest 'nonsense'");
});

test('a minion without keys has no fingerprints', async () => {
  const context = fakeContext({ root: await fixtureRoot({}), config });
  expect(await runFunction(context, key, 'key.finger')).toBe('');
  expect(await runFunction(context, key, 'key.finger_master')).toBe('');
});
