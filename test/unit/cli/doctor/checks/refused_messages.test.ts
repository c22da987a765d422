import { expect, test } from 'vitest';
import refusedMessages, { type ToldRefusal } from '../../../../../cli/doctor/checks/refused_messages.ts';
import { told } from '../../../../support/told_findings.ts';

const nowMs = Date.UTC(2026, 10, 26, 3, 0, 0);
const onMaster = (refusals: readonly ToldRefusal[] | undefined) => {
  const command = (...words: readonly string[]) => words.join(' ');
  return told(refusedMessages.judge({ role: 'master', refusals, nowMs, file: '/etc/salt/master', command }));
};
const onMinion = (reason: string, agoMs = 40_000) => {
  const last = { topic: 'salt/ret/1/m2', reason, message: 'minion m1 may not', time: (nowMs - agoMs) / 1000 };
  return told(refusedMessages.judge({ role: 'minion', id: 'm1', refused: { count: 3, last }, nowMs }));
};
const foreign: ToldRefusal = {
  what: 'publishes_refused_acl',
  client: 'm1',
  count: 2,
  time: '2026-11-26 02:57:00 UTC',
  message: 'minion m1 may not publish here',
  topic: 'salt/ret/1/m2',
};

test('a master that refused nothing of late is well, and what anybody can cause is not told', () => {
  expect(onMaster([{ ...foreign, what: 'connections_refused' }])).toEqual([
    'ok: no message and no connection was refused for a right or a limit since the start',
  ]);
  expect(onMaster([{ ...foreign, time: '2026-11-26 01:57:00 UTC' }])).toEqual([
    'ok: no message and no connection was refused for a right or a limit within the last hour',
  ]);
  expect(onMaster(undefined)).toEqual(['skip: salt-master does not answer']);
});

test('what was refused is told with whose it was and why, and the limit behind it', () => {
  const rate = { what: 'publishes_refused_rate', client: 'm2', count: 1, time: foreign.time, message: 'too many' };
  expect(onMaster([foreign, rate])).toEqual([
    'warn: m1 may not publish there, 2 times, last 3 min ago: salt/ret/1/m2 (minion m1 may not publish here) => salt-run broker.refusals',
    'warn: m2 sent too many messages a second, 1 time, last 3 min ago: (too many) => vi /etc/salt/master  # raise max_publishes_per_second, or let m2 do less; all: salt-run broker.refusals',
  ]);
});

test('of many the first five are told', () => {
  const lines = onMaster(Array.from({ length: 7 }, (_, index) => ({ ...foreign, client: `m${index}` })));
  expect(lines).toHaveLength(6);
  expect(lines.at(-1)).toBe('warn: and 2 more => salt-run broker.refusals');
});

test('a minion tells the last refusal, and where it is mended', () => {
  expect(onMinion('acl')).toEqual([
    "warn: the master refused 3 messages of m1, last 40 s ago: salt/ret/1/m2 (acl: minion m1 may not) => salt-call event.fire_master '{}' myapp/ready  # m1 may send such; docs/protocol.md says what else",
  ]);
  expect(onMinion('rate')[0]).toMatch(
    /=> \(on the master\) vi \/etc\/salt\/master {2}# raise max_publishes_per_second/,
  );
  expect(onMinion('size')[0]).toMatch(/=> \(on the master\) vi \/etc\/salt\/master {2}# raise max_packet_bytes/);
  expect(onMinion('acl', 7_200_000)).toEqual(['ok: the master refused no message of this minion within the last hour']);
  expect(told(refusedMessages.judge({ role: 'minion', id: 'm1', refused: undefined, nowMs }))).toEqual([
    'skip: salt-minion does not answer',
  ]);
});

test('what a client calls itself ends neither a line nor the comment that it stands in', () => {
  const named = { ...foreign, what: 'publishes_refused_rate', client: 'm2\nreboot #\x1b[2J', topic: 'a\nb' };
  expect(onMaster([named])).toEqual([
    'warn: m2 reboot #?[2J sent too many messages a second, 2 times, last 3 min ago: a b (minion m1 may not publish here) => vi /etc/salt/master  # raise max_publishes_per_second, or let m2 reboot #?[2J do less; all: salt-run broker.refusals',
  ]);
});
