import { expect, test } from 'vitest';
import daemon from '../../../../../cli/doctor/checks/daemon.ts';
import type { Daemon } from '../../../../../cli/doctor/look_at_daemon.ts';
import { told } from '../../../../support/told_findings.ts';

const commands = { start: 'START', restart: 'RESTART', force: 'FORCE', log: 'LOG' };
const judge = (facts: Partial<Daemon>) => {
  const usual = { name: 'salt-master', socket: '/run/s', state: 'answers' } as const;
  return told(daemon.judge({ daemon: { ...usual, ...facts }, commands, again: 'salt doctor' }));
};

test.each<[Partial<Daemon>, string]>([
  [{ owner: 'root', pid: 7 }, 'ok: salt-master runs as root (process 7) and answers on /run/s'],
  [{ state: 'missing' }, 'fail: salt-master does not run: there is no /run/s => START'],
  [{ state: 'missing', pid: 7 }, 'fail: salt-master runs (process 7) but its socket /run/s is gone => RESTART'],
  [{ state: 'deserted' }, 'fail: salt-master does not run: it was killed and left /run/s behind => START'],
  [{ state: 'deserted', pid: 7 }, 'fail: salt-master runs (process 7) but does not listen on /run/s => RESTART'],
  [{ state: 'silent' }, 'fail: salt-master takes connections on /run/s and does not answer within 3 s => FORCE'],
  [
    { name: 'salt-minion', state: 'quiet', owner: 'root', pid: 7 },
    'ok: salt-minion runs as root (process 7) with profile lite: how it stands with the master is seen there',
  ],
  [
    { state: 'forbidden', owner: 'salt' },
    "warn: /run/s is salt's and closed to this user: salt-master was not asked => sudo -u salt salt doctor",
  ],
  [{ state: 'forbidden' }, 'warn: /run/s is closed to this user: salt-master was not asked => sudo salt doctor'],
])('%j', (facts, line) => expect(judge(facts)).toEqual([line]));
