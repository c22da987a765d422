import { expect, test } from 'vitest';
import masterConnection from '../../../../../cli/doctor/checks/master_connection.ts';
import type { LinkStatus } from '../../../../../minion/link/link_status.ts';
import { told } from '../../../../support/told_findings.ts';

const judge = (status: Partial<LinkStatus> | undefined) => {
  const whole = status && { state: 'waiting' as const, since: 1_795_662_000, refused: { count: 0 }, ...status };
  return told(masterConnection.judge({ address: 'salt:8883', status: whole, log: 'LOG', again: 'salt doctor' }));
};
const since = '2026-11-26 03:00:00 UTC';

test.each<[Partial<LinkStatus> | undefined, string]>([
  [{ state: 'connected' }, `ok: connected to salt:8883 since ${since}`],
  [{ state: 'offered' }, `skip: waits for its key to be accepted since ${since}`],
  [{ state: 'starting' }, `warn: tries to connect to salt:8883 for the first time, since ${since} => salt doctor`],
  [{ code: 'NOT_PERMITTED', reason: 'x' }, 'skip: the master does not take its key'],
  [
    { code: 'MASTER_UNREACHABLE', reason: 'no answer in time' },
    `fail: not connected to salt:8883 since ${since}: no answer in time => LOG`,
  ],
  [undefined, 'skip: salt-minion does not answer'],
])('%j', (status, line) => expect(judge(status)).toEqual([line]));
