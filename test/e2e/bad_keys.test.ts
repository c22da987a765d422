import { createPrivateKey } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createCertificateAuthority, issueCertificate, MASTER_NAME } from '../../shared/crypto/certificate.ts';
import { useProcesses } from '../support/fleet_processes.ts';

const DAY_MS = 86_400_000;
const fleet = useProcesses({ minions: ['m1'] });

it('a minion whose certificate has expired gets a new one by itself, for the key that was accepted', async () => {
  await fleet().minion('m1').stop();
  const pki = (name: string, file: string) => fleet().file(name, 'pki', file);
  const read = (name: string, file: string) => readFileSync(pki(name, file), 'utf8');
  const authorityKey = createPrivateKey(read('master', 'master.pem'));
  const ca = createCertificateAuthority(MASTER_NAME, authorityKey, Date.now(), read('master', 'master.crt'));
  const expired = issueCertificate({
    ca,
    publicKey: createPrivateKey(read('m1', 'minion.pem')),
    commonName: 'm1',
    usage: 'client',
    days: 1,
    nowMs: Date.now() - 3 * DAY_MS,
  });
  writeFileSync(pki('m1', 'minion.crt'), expired);
  const minion = await fleet().startMinion('m1');
  expect(minion.text()).toMatch(/the stored certificate is of no use: enrolling again reason=.*expired/);
  expect(read('m1', 'minion.crt')).not.toBe(expired);
  await fleet().expectPing();
});

it('a minion whose certificate is broken gets a new one by itself', async () => {
  await fleet().minion('m1').stop();
  writeFileSync(fleet().file('m1', 'pki', 'minion.crt'), 'garbage');
  const minion = await fleet().startMinion('m1');
  expect(minion.text()).toMatch(/the stored certificate is of no use: enrolling again/);
  await fleet().expectPing();
});

it('a minion whose pinned master key is damaged ends, names the file, and trusts nobody in its place', async () => {
  await fleet().minion('m1').stop();
  const pinned = fleet().file('m1', 'pki', 'minion_master.crt');
  const pem = readFileSync(pinned);
  writeFileSync(pinned, '');
  await expect(fleet().startMinion('m1')).rejects.toThrow(/the process ended with 66/);
  expect(fleet().minion('m1').text()).toMatch(
    /^salt-minion: \S*\/minion_master\.crt holds no certificate, so the master cannot be told from others; put it back from a backup, or remove it to trust the master that answers next\n$/m,
  );
  expect(readFileSync(pinned, 'utf8')).toBe('');
  writeFileSync(pinned, pem);
  await fleet().startMinion('m1');
  await fleet().expectPing();
});

it('another key for the id of an accepted minion is told of, and disturbs nobody', async () => {
  fleet().configureMinion('impostor', { id: 'm1' });
  const impostor = await fleet().startMinion('impostor', {
    config: { id: 'm1' },
    line: /another key is known for m1: if this one is right, salt-key -d m1/,
  });
  await fleet().expectPing();
  await impostor.stop();
});

it('a minion that expects another master ends with status 77 and says what to compare', async () => {
  const starting = fleet().startMinion('careful', { config: { master_finger: 'aa:'.repeat(31).concat('aa') } });
  await expect(starting).rejects.toThrow(/the process ended with 77/);
  expect(fleet().minion('careful').text()).toMatch(
    /^salt-minion: the master at 127\.0\.0\.1:\d+ has fingerprint ([0-9a-f]{2}:){31}[0-9a-f]{2}, not master_finger; compare with `salt-key -F` on the master and correct master_finger\n$/m,
  );
});

it('a minion whose master has another key than before ends with status 77 and names the file to remove', async () => {
  const { master, minion, file, startMaster, startMinion } = fleet();
  const keptPki = file('kept');
  await master().stop();
  cpSync(file('master', 'pki'), keptPki, { recursive: true });
  rmSync(file('master', 'pki'), { recursive: true });
  const old = minion('m1');
  await startMaster();
  const { status } = await old.ended;
  expect(status).toBe(77);
  expect(old.text()).toMatch(
    /salt-minion: the master at 127\.0\.0\.1:\d+ has another key than the pinned one; if the master was really replaced, remove .*\/minion_master\.crt and restart the minion; if not, somebody stands in between\n$/,
  );
  expect(old.text()).not.toMatch(/\s+at \S.*:\d+:\d+\)?/);
  rmSync(file('m1', 'pki', 'minion_master.crt'));
  await startMinion('m1');
  await fleet().expectPing();
});
