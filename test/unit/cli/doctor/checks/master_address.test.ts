import { expect, test } from 'vitest';
import masterAddress from '../../../../../cli/doctor/checks/master_address.ts';
import type { TlsProbe } from '../../../../../shared/client/probe_tls.ts';
import { told } from '../../../../support/told_findings.ts';

const judge = (probe: Partial<TlsProbe>) => {
  const usual = { host: 'salt', port: 8883, addresses: ['192.0.2.7'] };
  return told(masterAddress.judge({ probe: { ...usual, ...probe }, file: '/etc/salt/minion' }));
};
const lookup = (code: string) => judge({ addresses: [], failure: { step: 'lookup', code } });
const connect = (code: string) => judge({ failure: { step: 'connect', code } });

test('a master that is reached is told with its address', () => {
  expect(judge({})).toEqual(['ok: salt:8883 takes connections (salt is 192.0.2.7)']);
  expect(judge({ host: '192.0.2.7', failure: { step: 'tls', code: 'EPROTO' } })).toEqual([
    'ok: 192.0.2.7:8883 takes connections',
  ]);
});

test('a name that does not exist is another thing than a name server that does not answer', () => {
  expect(lookup('ENOTFOUND')).toEqual([
    "fail: there is no host of the name 'salt', which master: in the configuration says => vi /etc/salt/minion  # name another as master:, or put salt with its address into /etc/hosts",
  ]);
  for (const code of ['EAI_AGAIN', 'ETIMEDOUT']) {
    expect(lookup(code)).toEqual([
      "fail: 'salt' cannot be looked up: the name server does not answer => cat /etc/resolv.conf; resolvectl status",
    ]);
  }
});

test('refused, silent and without a route each have their own words', () => {
  expect(connect('ECONNREFUSED')).toEqual([
    'fail: salt:8883 refuses the connection: the host is there, but nothing listens on port 8883 => (on the master) salt doctor  # or, when the master has another port: vi /etc/salt/minion here',
  ]);
  expect(connect('ETIMEDOUT')).toEqual([
    'fail: salt:8883 does not answer: the host is down, or a firewall drops what is sent to port 8883 => ping -c 3 192.0.2.7  # when it answers, on the master: ufw allow 8883/tcp, or firewall-cmd --add-port=8883/tcp',
  ]);
  for (const code of ['EHOSTUNREACH', 'ENETUNREACH']) {
    expect(connect(code)).toEqual([
      'fail: salt:8883 cannot be reached: there is no route to 192.0.2.7 => ip route get 192.0.2.7; ip address',
    ]);
  }
  expect(connect('EACCES')[0]).toMatch(/^fail: salt:8883 cannot be connected to: permission denied => /);
  expect(connect('EODD')[0]).toMatch(/^fail: salt:8883 cannot be connected to: EODD => /);
});
