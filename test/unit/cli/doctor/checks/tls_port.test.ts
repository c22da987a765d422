import { expect, test } from 'vitest';
import tlsPort from '../../../../../cli/doctor/checks/tls_port.ts';
import type { Daemon } from '../../../../../cli/doctor/look_at_daemon.ts';
import type { TlsProbe } from '../../../../../shared/client/probe_tls.ts';
import { told } from '../../../../support/told_findings.ts';

const usual = { host: '127.0.0.1', port: 8883, addresses: ['127.0.0.1'] };
const refused = { failure: { step: 'connect', code: 'ECONNREFUSED' } } as const;
const other = "ss -ltnp 'sport = :8883'  # names it: stop it, or change tls_port";
const onMaster = (
  probe: Partial<TlsProbe>,
  facts: { readonly shown?: string; readonly daemon?: Daemon['state']; readonly listens?: string } = {},
) => {
  const rest = { listens: '0.0.0.0', daemon: 'answers', own: 'aa', shown: undefined, restart: 'RESTART' } as const;
  return told(tlsPort.judge({ role: 'master', probe: { ...usual, ...probe }, ...rest, ...facts }));
};
const onMinion = (probe: Partial<TlsProbe>) =>
  told(tlsPort.judge({ role: 'minion', probe: { ...usual, ...probe }, file: '/etc/salt/minion' }));

test('the master’s own port that shows its own key is well', () => {
  expect(onMaster({}, { shown: 'aa' })).toEqual(['ok: 0.0.0.0:8883 answers']);
  expect(onMaster({}, { shown: 'aa', listens: '127.0.0.1' })).toEqual([
    'ok: 127.0.0.1:8883 answers, to this machine alone: that is what interface says',
  ]);
});

test('a port that somebody else has is told, and that the master cannot start', () => {
  for (const shown of ['bb', undefined]) {
    expect(onMaster({}, shown === undefined ? {} : { shown })).toEqual([
      `fail: another process listens on port 8883 => ${other}`,
    ]);
  }
  expect(onMaster({ failure: { step: 'tls', code: 'EPROTO' } }, { daemon: 'missing' })).toEqual([
    `fail: another process listens on port 8883, so that salt-master cannot start => ${other}`,
  ]);
});

test('a running master without its port has another configuration; of a stopped one nothing is said', () => {
  expect(onMaster(refused)).toEqual([
    'fail: salt-master runs, but nothing listens on 0.0.0.0:8883: it was started with another configuration => RESTART',
  ]);
  expect(onMaster(refused, { daemon: 'deserted' })).toEqual(['skip: salt-master does not answer']);
  expect(onMaster({ failure: { step: 'tls', code: 'ETIMEDOUT' } }, { daemon: 'silent' })).toEqual([
    'skip: salt-master does not answer',
  ]);
  expect(onMaster({ ...refused, port: 0 })).toEqual([
    'skip: tls_port is 0: the system chose a port, and nobody knows which',
  ]);
});

test('a minion tells a port without TLS, one of no master, and one that hangs apart', () => {
  const mend = 'vi /etc/salt/minion  # master_port: the TLS port of the master, usually 8883';
  expect(onMinion({ failure: { step: 'tls', code: 'ECONNRESET' } })).toEqual([
    `fail: 127.0.0.1:8883 does not speak TLS: it is not the TLS port of a master => ${mend}`,
  ]);
  expect(onMinion({ certPem: 'x' })).toEqual([`fail: 127.0.0.1:8883 speaks TLS, but is no salt-master => ${mend}`]);
  expect(onMinion({ failure: { step: 'tls', code: 'ETIMEDOUT' } })).toEqual([
    'fail: 127.0.0.1:8883 takes connections and then says nothing => (on the master) salt doctor',
  ]);
  expect(onMinion(refused)).toEqual(['skip: the master was not reached']);
  expect(onMinion({ certPem: 'x', authorityPem: 'y' })).toEqual(['ok: 127.0.0.1:8883 speaks TLS as a salt-master']);
});
