import { describe, expect, test } from 'vitest';
import { mayPeerPublish, mayPeerRun, type PeerRules, peerRules } from '../../../master/peer.ts';

const rules: PeerRules = {
  'web.*': ['test\\..*', { 'db*': ['network.ip_addrs', 'disk\\..*'] }],
  backup: ['cmd.run'],
};

describe('a minion that publishes to its peers', () => {
  test.each([
    ['web1', 'test.ping', ['db1', 'web2'], true],
    ['web1', 'test.arg', [], true],
    ['web1', 'network.ip_addrs', ['db1', 'db2'], true],
    ['web1', 'network.ip_addrs', ['db1', 'web2'], false],
    ['web1', 'disk.usage', ['db1'], true],
    ['web1', 'cmd.run', ['db1'], false],
    ['backup', 'cmd.run', ['db1'], true],
    ['other', 'test.ping', ['db1'], false],
    // Whole names: Salt's rules match the beginning.
    ['backup2', 'cmd.run', ['db1'], false],
    ['backup', 'cmd.run_all', ['db1'], false],
    ['my-web1', 'test.ping', ['db1'], false],
    // The dot of an expression is any character, as in Salt.
    ['backup', 'cmdXrun', ['db1'], true],
  ] as const)('%s runs %s on %j: %s', async (id, fun, minions, allowed) => {
    expect(await mayPeerPublish(rules, { id, fun, minions })).toBe(allowed);
  });

  test('may do nothing when nothing is configured', async () => {
    expect(await mayPeerPublish({}, { id: 'm1', fun: 'test.ping', minions: ['m1'] })).toBe(false);
    expect(mayPeerRun({}, { id: 'm1', fun: 'manage.up' })).toBe(false);
  });

  test('may call a runner that its own rule names', () => {
    const run: PeerRules = { 'web.*': ['manage\\..*', { 'db*': ['jobs.*'] }] };
    expect(mayPeerRun(run, { id: 'web1', fun: 'manage.up' })).toBe(true);
    expect(mayPeerRun(run, { id: 'web1', fun: 'jobs.active' })).toBe(false);
    expect(mayPeerRun(run, { id: 'db1', fun: 'manage.up' })).toBe(false);
  });
});

test.each([
  [[]],
  ['test.*'],
  [{ m1: 'test.*' }],
  [{ m1: [1] }],
  [{ m1: [{ db: 'x' }] }],
  [{ '(': [] }],
  [{ m1: ['['] }],
])('%j is no rule', (value) => expect(peerRules.read(value)).toBeUndefined());

test('rules are read as they are written', () => expect(peerRules.read(rules)).toBe(rules));
