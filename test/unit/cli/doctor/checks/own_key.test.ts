import { expect, test } from 'vitest';
import ownKey, { type OwnKeyFacts } from '../../../../../cli/doctor/checks/own_key.ts';
import type { LinkStatus } from '../../../../../minion/link/link_status.ts';
import { told } from '../../../../support/told_findings.ts';

const judge = (facts: Partial<OwnKeyFacts>) => {
  const usual = { id: 'm1', file: '/pki/minion.pem', fingerprint: 'aa:bb', hasCertificate: false, restart: 'RESTART' };
  return told(ownKey.judge({ ...usual, status: undefined, ...facts }));
};
const status = (state: LinkStatus['state'], reason?: string): LinkStatus => ({
  state,
  since: 0,
  refused: { count: 0 },
  ...(reason !== undefined && { reason, code: 'NOT_PERMITTED' }),
});

test('a key that is or was accepted is well', () => {
  expect(judge({ status: status('connected') })).toEqual(['ok: the master has accepted m1']);
  expect(judge({ hasCertificate: true })).toEqual([
    'ok: the master once accepted m1; whether it still does is seen when it connects',
  ]);
});

test('a key that waits, is denied or rejected is mended on the master', () => {
  expect(judge({ status: status('offered') })).toEqual([
    'fail: the key of m1 waits to be accepted; it is aa:bb => (on the master) salt-key -a m1  # compare before: salt-key -f m1',
  ]);
  expect(
    judge({ status: status('waiting', 'another key is known for m1: if this one is right, salt-key -d m1') }),
  ).toEqual([
    'fail: the master denies m1: it knows another key for that id; this one is aa:bb => (on the master) salt-key -d m1  # if this machine is the right m1; when it asks again: salt-key -a m1',
  ]);
  expect(judge({ status: status('waiting', 'the key of m1 is rejected') })).toEqual([
    'fail: the key of m1 is rejected => (on the master) salt-key --include-rejected -a m1',
  ]);
  expect(judge({ status: status('waiting', 'max_minions is reached') })).toEqual([
    'fail: the master does not take m1: max_minions is reached => (on the master) salt-key -L',
  ]);
});

test('a key that is broken or not there is told', () => {
  expect(judge({ fingerprint: 'broken' })).toEqual([
    'fail: /pki/minion.pem does not hold a private key => cp -p BACKUP/minion.pem /pki/minion.pem && RESTART',
  ]);
  expect(judge({ fingerprint: undefined })).toEqual([
    'skip: there is no /pki/minion.pem yet: the first start makes it',
  ]);
  expect(judge({})).toEqual(['skip: m1 has not been accepted: it was not yet connected to a master']);
});
