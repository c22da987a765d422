import { expect, test } from 'vitest';
import { publisherAcl, readBlacklist, readRules } from '../../../../master/permissions/permission_rules.ts';
import { createPermissions, type Question } from '../../../../master/permissions/permissions.ts';

const targets: Readonly<Record<string, readonly string[]>> = {
  'web*': ['web1', 'web2'],
  'G@os:Debian': ['web1', 'db1'],
};

const acl = {
  alice: [
    'test.*',
    { 'web*': ['service.restart', { 'cmd.run': { args: ['uptime|df -h'] } }] },
    { 'G@os:Debian': ['pkg.install'] },
  ],
  bob: ['@jobs', { '@runner': ['manage.*'] }, { 'state.apply': { args: ['nginx'], kwargs: { test: 'True' } } }],
  'ops_.*': ['.*', '@runner', '@wheel'],
};

const entries: Record<string, unknown>[] = [];
const permissions = createPermissions({
  rules: readRules(acl),
  blacklist: readBlacklist({ users: ['ops_evil'], modules: ['cmd\\..*shell'] }),
  owner: 'root',
  external: () => undefined,
  isOfTheMaster: (user) => user === 'Reactor',
  expired: (user) => (user === 'ops_old' ? 'the password of ops_old expired' : undefined),
  match: async (target) => targets[target] ?? [],
  audit: {
    write: (entry) => void entries.push({ ...entry }),
    verify: async () => ({ entries: 0, head: '' }),
    verified: Promise.resolve(),
    close: async () => undefined,
  },
});

async function answer(user: string, question: Partial<Question> & { fun: string }): Promise<string> {
  try {
    await permissions.check(user, { op: 'job', arg: [], kwarg: {}, minions: ['web1'], ...question });
    return 'yes';
  } catch (error) {
    return (error as Error).message;
  }
}

test.each<[string, string, Partial<Question> & { fun: string }, string]>([
  ['a function by expression', 'alice', { fun: 'test.ping', minions: ['web1', 'db1'] }, 'yes'],
  ['a whole name, not its beginning', 'bob', { fun: 'manage.up', op: 'runner' }, 'yes'],
  ['another whole name', 'bob', { fun: 'xmanage.up', op: 'runner' }, 'bob may not call runner function xmanage.up'],
  ['a function on its target', 'alice', { fun: 'service.restart', minions: ['web1', 'web2'] }, 'yes'],
  [
    'a function on its target and beyond',
    'alice',
    { fun: 'service.restart', minions: ['web1', 'db1', 'db2'] },
    'alice may not call service.restart on db1 and 1 more',
  ],
  ['a target by grains', 'alice', { fun: 'pkg.install', minions: ['db1'] }, 'yes'],
  ['the right argument', 'alice', { fun: 'cmd.run', arg: ['df -h'] }, 'yes'],
  ['another argument', 'alice', { fun: 'cmd.run', arg: ['uptime; reboot'] }, 'alice may not call cmd.run'],
  ['no argument where one is asked for', 'alice', { fun: 'cmd.run' }, 'alice may not call cmd.run'],
  ['the right keyword', 'bob', { fun: 'state.apply', arg: ['nginx'], kwarg: { test: true } }, 'yes'],
  ['without the keyword', 'bob', { fun: 'state.apply', arg: ['nginx'] }, 'bob may not call state.apply'],
  ['@jobs is the runner jobs', 'bob', { fun: 'jobs.list_jobs', op: 'runner' }, 'yes'],
  ['@jobs is no job', 'bob', { fun: 'jobs.list_jobs' }, 'bob may not call jobs.list_jobs'],
  ['a job is no runner', 'alice', { fun: 'test.ping', op: 'runner' }, 'alice may not call runner function test.ping'],
  ['no wheel without @wheel', 'bob', { fun: 'key.accept', op: 'wheel' }, 'bob may not call wheel function key.accept'],
  ['all wheel with @wheel', 'ops_1', { fun: 'key.accept', op: 'wheel' }, 'yes'],
  ['everything by .*', 'ops_1', { fun: 'cmd.run', arg: ['x'] }, 'yes'],
  [
    'a function of the blacklist',
    'ops_1',
    { fun: 'cmd.shell' },
    'nobody but root may call cmd.shell (publisher_acl_blacklist)',
  ],
  [
    'somebody of the blacklist',
    'ops_evil',
    { fun: 'test.ping' },
    'ops_evil may not do anything (publisher_acl_blacklist)',
  ],
  ['somebody without a rule', 'eve', { fun: 'test.ping' }, 'eve may not call test.ping'],
  ['looking for a job, always', 'eve', { fun: 'saltutil.find_job' }, 'yes'],
  ['somebody whose password has expired', 'ops_old', { fun: 'test.ping' }, 'the password of ops_old expired'],
  ['the owner', 'root', { fun: 'cmd.shell' }, 'yes'],
  ['the reactor of the master', 'Reactor', { fun: 'cmd.shell' }, 'yes'],
])('%s', async (_name, user, question, expected) => {
  expect(await answer(user, question)).toBe(expected);
});

test('each decision is written down, with secrets hidden', async () => {
  entries.length = 0;
  await answer('alice', { fun: 'test.arg', kwarg: { password: 'hunter2' }, tgt: 'web*', jid: '1' });
  await answer('eve', { fun: 'test.ping' });
  expect(entries).toEqual([
    expect.objectContaining({
      user: 'alice',
      fun: 'test.arg',
      kwarg: { password: '**********' },
      minions: 1,
      allowed: true,
    }),
    expect.objectContaining({ user: 'eve', allowed: false, reason: 'eve may not call test.ping' }),
  ]);
});

test.each([
  [{ alice: 'test.ping' }],
  [{ alice: ['('] }],
  [{ '(': ['test.ping'] }],
  [{ alice: [{ 'web* and': ['test.ping'] }] }],
  [{ alice: [{ 'cmd.run': { arg: ['x'] } }] }],
  [{ alice: [7] }],
])('%j is no publisher_acl', (value) => {
  expect(publisherAcl.read(value)).toBeUndefined();
});
