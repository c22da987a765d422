import { expect, test } from 'vitest';
import masterFingerprint, { type FingerprintFacts } from '../../../../../cli/doctor/checks/master_fingerprint.ts';
import { told } from '../../../../support/told_findings.ts';

const [a, b] = ['aa'.repeat(32), 'bb'.repeat(32)];
const colons = (fingerprint = '') => fingerprint.match(/../g)?.join(':');
const forget = 'rm /pki/minion_master.crt && RESTART';
const judge = (facts: Partial<FingerprintFacts>) => {
  const usual = { address: 'salt:8883', file: '/etc/salt/minion', pinnedFile: '/pki/minion_master.crt' };
  const none = {
    beforePinned: [],
    beforeShown: [],
    pinned: undefined,
    configured: undefined,
    shown: undefined,
    restart: 'RESTART',
  };
  return told(masterFingerprint.judge({ ...usual, ...none, ...facts }));
};

test('the pinned key, the configured one and the first one are well', () => {
  expect(judge({ pinned: a, shown: a })).toEqual(['ok: salt:8883 shows the pinned key']);
  expect(judge({ configured: a, shown: a })).toEqual(['ok: salt:8883 shows the configured key']);
  expect(judge({ shown: a })).toEqual([`ok: no master is pinned yet; salt:8883 shows ${colons(a)}`]);
});

test('another key is told with both fingerprints, and is not forgotten unseen', () => {
  expect(judge({ pinned: a, shown: b })).toEqual([
    `fail: salt:8883 shows the key ${colons(b)}, not the pinned ${colons(a)}: another master, or somebody in between => ${forget}  # only if salt-key -F on the master shows the first`,
  ]);
  expect(judge({ configured: a, shown: b })[0]).toMatch(
    /not the configured aa:.* => vi \/etc\/salt\/minion {2}# master_finger, only if salt-key -F/,
  );
});

test('a pin that contradicts master_finger is told without a connection', () => {
  expect(judge({ pinned: a, configured: b })).toEqual([
    `fail: the pinned master has the key ${colons(a)}, and master_finger says ${colons(b)} => ${forget}  # only if salt-key -F on the master shows master_finger`,
  ]);
});

test('a broken pin is removed, and a master that was not reached is not judged', () => {
  expect(judge({ pinned: 'broken', shown: a })).toEqual([
    `fail: /pki/minion_master.crt does not hold a certificate => ${forget}`,
  ]);
  expect(judge({ pinned: a })).toEqual(['skip: the master was not reached']);
});

test('a new key that the known one vouches for is well, and so is a pin that master_finger led to', () => {
  expect(judge({ pinned: a, shown: b, beforeShown: [a] })).toEqual([
    `ok: salt:8883 shows a new key, ${colons(b)}, which the pinned one vouches for`,
  ]);
  expect(judge({ pinned: b, beforePinned: [a], configured: a, shown: b })).toEqual([
    'ok: salt:8883 shows the pinned key',
  ]);
});
