import { expect, test } from 'vitest';
import refusedMessages from '../../../../../cli/doctor/checks/refused_messages.ts';
import { told } from '../../../../support/told_findings.ts';

const onMaster = (counters: Record<string, number> | undefined, logFile: string | null = '/log') =>
  told(refusedMessages.judge({ role: 'master', counters, file: '/etc/salt/master', logFile, socket: '/run/s' }));
const onMinion = (reason: string) => {
  const last = { topic: 'salt/ret/1/m2', reason, message: 'minion m1 may not publish here', time: 1_795_662_000 };
  return told(refusedMessages.judge({ role: 'minion', id: 'm1', refused: { count: 3, last } }));
};
const watch = "mosquitto_sub --unix /run/s -t 'salt/err/+' -v  # names them";

test('a master that refused nothing is well', () => {
  expect(onMaster({ publishes_accepted: 12, publishes_refused_acl: 0, connections_refused: 4 })).toEqual([
    'ok: no message and no connection was refused for a limit or a right since the start',
  ]);
  expect(onMaster(undefined)).toEqual(['skip: salt-master does not answer']);
});

test('what was refused is told with how to see whose it was, and the limit behind it', () => {
  expect(onMaster({ publishes_refused_acl: 2, publishes_refused_rate: 9, packets_too_large: 1 })).toEqual([
    `warn: messages whose author may not publish there were refused: 2 since the start (publishes_refused_acl) => ${watch}`,
    `warn: messages beyond so many a second of one minion were refused: 9 since the start (publishes_refused_rate) => ${watch}; or raise max_publishes_per_second in /etc/salt/master`,
    "warn: connections were ended for a packet that is too large: 1 since the start (packets_too_large) => grep -E 'disconnected|refused' /log | tail  # or raise max_packet_bytes in /etc/salt/master",
  ]);
  expect(onMaster({ packets_too_large: 1 }, null)[0]).toMatch(/=> vi \/etc\/salt\/master {2}# or raise/);
});

test('a minion tells the last refusal, and where it is mended', () => {
  expect(onMinion('acl')).toEqual([
    "warn: the master refused 3 messages of m1, the last on 2026-11-26 03:00:00 UTC: salt/ret/1/m2: minion m1 may not publish here (acl) => salt-call event.fire_master '{}' myapp/ready  # m1 may send such; docs/protocol.md says what else",
  ]);
  expect(onMinion('rate')[0]).toMatch(
    /=> \(on the master\) vi \/etc\/salt\/master {2}# raise max_publishes_per_second/,
  );
  expect(onMinion('size')[0]).toMatch(/=> \(on the master\) vi \/etc\/salt\/master {2}# raise max_packet_bytes/);
  expect(told(refusedMessages.judge({ role: 'minion', id: 'm1', refused: undefined }))).toEqual([
    'skip: salt-minion does not answer',
  ]);
});
