import { describe, expect, test } from 'vitest';
import { createAccess, type Identity } from '../../../../shared/protocol/access.ts';
import { messageTable } from '../../../../shared/protocol/message_table.ts';

const access = createAccess(messageTable);

const fingerprint = 'ab'.repeat(32);
const who = {
  m1: { role: 'minion', id: 'm1' },
  alice: { role: 'operator', id: 'alice' },
  dash: { role: 'observer', id: 'dash', topics: ['salt/event/#', 'salt/op/#', 'salt/presence/+'] },
  device: { role: 'unenrolled', id: fingerprint },
  app: { role: 'local', id: 'app' },
  master: { role: 'master', id: 'master' },
} as const satisfies Record<string, Identity>;
type Who = keyof typeof who;

const jid = '20261122093047146206';

describe('publishing', () => {
  test.each<[Who, string, string | undefined]>([
    ['m1', `salt/ret/${jid}`, 'return'],
    ['m1', `salt/ret/${jid}/m1`, 'return, long form'],
    ['m1', `salt/ret/${jid}/m2`, undefined],
    ['m1', `salt/ret/${jid}/m1/x/y`, undefined],
    ['m1', `salt/ret/${jid}/m1/0`, 'part of a return'],
    ['m1', `salt/ret/${jid}/m2/0`, undefined],
    ['m1', 'salt/ret', undefined],
    ['m1', `salt/ack/${jid}/m1`, 'ack'],
    ['m1', `salt/ack/${jid}/m2`, undefined],
    ['m1', 'salt/req/m1/pillar', 'request'],
    ['m1', 'salt/req/m2/pillar', undefined],
    ['m1', 'salt/fire/m1/app/deployed', 'fire'],
    ['m1', 'salt/fire/m2/app/deployed', undefined],
    ['m1', 'salt/fire/m1', undefined],
    ['m1', 'salt/fire/m1/', undefined],
    ['m1', 'salt/fire/m1//x', undefined],
    ['m1', 'salt/info/m1', 'info'],
    ['m1', 'salt/info/m2', undefined],
    ['m1', 'salt/job/m1', undefined],
    ['m1', 'salt/job/m2', undefined],
    ['m1', 'salt/event/salt/auth', undefined],
    ['m1', 'salt/presence/m1', undefined],
    ['m1', 'salt/master', undefined],
    ['m1', 'salt/err/m1', undefined],
    ['m1', 'salt/op/alice/req/x', undefined],
    ['m1', `salt/enroll/${fingerprint}`, undefined],
    ['m1', '$SYS/broker/uptime', undefined],
    ['m1', '$local/app/ready', undefined],
    ['m1', '$share/g/salt/ret/1', undefined],
    ['m1', 'home/kitchen', undefined],
    ['m1', '', undefined],
    ['m1', 'salt/fire/m1/+', undefined],
    ['m1', 'salt/fire/m1/#', undefined],
    ['m1', 'salt/fire/m1/a\0b', undefined],
    ['m1', `salt/fire/m1/${'x'.repeat(120)}`, undefined],
    ['m1', `salt/fire/m1${'/x'.repeat(9)}`, 'fire'],
    ['m1', `salt/fire/m1${'/x'.repeat(10)}`, undefined],
    ['alice', 'salt/op/alice/req/a1', 'operator request'],
    ['dash', 'salt/op/dash/req/a1', undefined],
    ['dash', 'salt/fire/dash/app/ready', undefined],
    ['alice', 'salt/op/bob/req/a1', undefined],
    ['alice', 'salt/op/alice/rsp/a1', undefined],
    ['alice', 'salt/job/m1', undefined],
    ['alice', `salt/ret/${jid}`, undefined],
    ['alice', 'salt/event/anything', undefined],
    ['alice', '$SYS/x', undefined],
    ['device', `salt/enroll/${fingerprint}`, 'enrolment'],
    ['device', `salt/enroll/${'cd'.repeat(32)}`, undefined],
    ['device', `salt/enroll/${fingerprint}/rsp`, undefined],
    ['device', `salt/ret/${jid}`, undefined],
    ['device', `salt/info/${fingerprint}`, undefined],
    ['app', '$local/app/ready', 'local event'],
    ['app', '$local/', undefined],
    ['app', '$local', undefined],
    ['app', 'salt/fire/m1/x', undefined],
    ['app', 'app/ready', undefined],
    ['master', 'salt/job/m1', 'job'],
    ['master', 'salt/job/m1/ctl', 'job control'],
    ['master', 'salt/job/m1/keys', 'master keys'],
    ['master', 'salt/event/salt/job/1/new', 'event'],
  ])('%s to %s: %s', (name, topic, message) => {
    expect(access.mayPublish(who[name], topic)?.message.name).toBe(message);
  });

  test('judges each who asks about a topic, whoever asked before', () => {
    const topic = `salt/ack/${jid}/m1`;
    const asked = [who.m1, { role: 'minion', id: 'm2' } as const, who.alice, who.m1];
    expect(asked.map((one) => access.mayPublish(one, topic)?.message.name)).toEqual([
      'ack',
      undefined,
      undefined,
      'ack',
    ]);
    expect(asked.map((one) => access.mayReceive(one, topic))).toEqual([false, false, true, false]);
  });

  test('tells the parameters of the topic', () => {
    expect(access.mayPublish(who.m1, 'salt/fire/m1/app/deployed')?.params).toEqual({ id: 'm1', tag: 'app/deployed' });
  });
});

describe('subscribing', () => {
  test.each<[Who, string, boolean]>([
    ['m1', 'salt/job/m1', true],
    ['m1', 'salt/job/m1/#', true],
    ['m1', 'salt/job/m1/+', true],
    ['m1', 'salt/job/m1/rsp/+', true],
    ['m1', 'salt/job/m1/ctl', true],
    ['m1', 'salt/err/m1', true],
    ['m1', 'salt/master', true],
    ['m1', 'salt/master/#', false],
    ['m1', 'salt/job/m2', false],
    ['m1', 'salt/job/m2/#', false],
    ['m1', 'salt/job/m11', false],
    ['m1', 'salt/job/+', false],
    ['m1', 'salt/job/+/ctl', false],
    ['m1', 'salt/job/#', false],
    ['m1', 'salt/job', false],
    ['m1', 'salt/+/m1', false],
    ['m1', '+/job/m1', false],
    ['m1', 'salt/#', false],
    ['m1', '#', false],
    ['m1', '+/#', false],
    ['m1', 'salt/event/#', false],
    ['m1', 'salt/presence/m1', false],
    ['m1', 'salt/ret/+', false],
    ['m1', '$share/g/salt/job/m1', false],
    ['m1', '$SYS/#', false],
    ['m1', '$local/#', false],
    ['dash', '#', true],
    ['dash', '$SYS/#', false],
    ['dash', '$share/g/salt/#', false],
    ['alice', '#', true],
    ['alice', '+/#', true],
    ['alice', 'salt/#', true],
    ['alice', 'salt/ret/#', true],
    ['alice', '$SYS/#', true],
    ['alice', '$local/#', false],
    ['alice', '$share/g/salt/#', false],
    ['alice', 'x'.repeat(129), false],
    ['alice', 'é'.repeat(65), false],
    ['device', `salt/enroll/${fingerprint}/rsp`, true],
    ['device', `salt/enroll/${fingerprint}/#`, true],
    ['device', `salt/enroll/${'cd'.repeat(32)}/rsp`, false],
    ['device', 'salt/enroll/+/rsp', false],
    ['device', 'salt/master', false],
    ['device', '#', false],
    ['app', '$local/#', true],
    ['app', '$local/app/+', true],
    ['app', 'salt/#', false],
    ['app', '$SYS/#', false],
  ])('%s to %s: %s', (name, filter, allowed) => {
    expect(access.maySubscribe(who[name], filter)).toBe(allowed);
  });
});

describe('receiving, whatever filter matched', () => {
  test.each<[Who, string, boolean]>([
    ['m1', 'salt/job/m1', true],
    ['m1', 'salt/job/m1/ctl', true],
    ['m1', 'salt/job/m1/rsp/x7', true],
    ['m1', 'salt/job/m1/blk/0a/0', true],
    ['m1', 'salt/job/m2', false],
    ['m1', 'salt/job/m2/ctl', false],
    ['m1', 'salt/err/m2', false],
    ['m1', `salt/ret/${jid}`, false],
    ['m1', 'salt/event/x', false],
    ['m1', 'salt/op/alice/rsp/a', false],
    ['dash', 'salt/event/salt/auth', true],
    ['dash', 'salt/presence/m1', true],
    ['dash', 'salt/job/m1', false],
    ['dash', 'salt/op/dash/rsp/a', false],
    ['alice', 'salt/job/m1', true],
    ['alice', `salt/ret/${jid}`, true],
    ['alice', 'salt/event/salt/auth', true],
    ['alice', 'salt/presence/m1', true],
    ['alice', 'salt/op/alice/rsp/a', true],
    ['alice', 'salt/op/bob/rsp/a', false],
    ['alice', 'salt/op/bob/req/a', false],
    ['alice', 'salt/job/m1/blk/0a/0', false],
    ['alice', '$local/app/ready', false],
    ['alice', 'home/kitchen', false],
    ['device', `salt/enroll/${fingerprint}/rsp`, true],
    ['device', `salt/enroll/${'cd'.repeat(32)}/rsp`, false],
    ['app', '$local/app/ready', true],
  ])('%s from %s: %s', (name, topic, allowed) => {
    expect(access.mayReceive(who[name], topic)).toBe(allowed);
  });
});

test('nobody but the master may publish what the master alone writes', () => {
  for (const message of messageTable.filter(({ from }) => from.every(({ role }) => role === 'master'))) {
    const topic = message.topic.replaceAll(/\{\w+\*?\}/g, 'm1');
    for (const name of ['m1', 'alice', 'app'] as const) {
      const taken = access.mayPublish({ ...who[name], id: 'm1' }, topic);
      expect(taken?.message.from.some(({ role }) => role === 'master') ?? false, `${name} ${topic}`).toBe(false);
    }
  }
});

test.each([
  ['salt/event/a/b', true],
  ['salt/fire/m1/a', true],
  ['salt/op/alice/rsp/x', true],
  [`salt/ret/${jid}`, true],
  ['salt/job/m1', false],
  ['salt/err/m1', false],
  ['salt/master', false],
  [`salt/enroll/${fingerprint}/rsp`, false],
  ['$local/a', false],
  ['$SYS/brine/heartbeat', false],
  ['hello', false],
])('nobody but operators and observers may receive %s: %s', (topic, expected) => {
  expect(access.isForWatchers(topic)).toBe(expected);
});
