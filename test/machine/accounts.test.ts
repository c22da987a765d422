import { execFileSync, spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { createExec } from '../../minion/lib/exec.ts';
import group from '../../minion/modules/group.ts';
import shadow from '../../minion/modules/shadow.ts';
import user from '../../minion/modules/user.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { fakeContext } from '../support/fake_context.ts';
import { runFunction } from '../support/run_function.ts';

/** An account and a group of this machine, for as long as the test runs: as root. */
const USER = 'brine-test-user';
const GROUP = 'brine-test-group';

test('accounts and groups of this machine are made, changed and removed', async () => {
  const exec = createExec({ env: process.env, log: silentLogger, clock: systemClock });
  const context = fakeContext({ exec, root: '/' });
  const modules = { user, group, shadow };
  const run = (fun: string, args: unknown[], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, modules[fun.split('.')[0] as keyof typeof modules], fun, args, kwargs);
  const entry = (database: string, name: string): string =>
    execFileSync('getent', [database, name], { encoding: 'utf8' }).trim();
  onTestFinished(() => {
    spawnSync('userdel', [USER]);
    spawnSync('groupdel', [GROUP]);
  });

  expect(await run('group.add', [GROUP])).toBe(true);
  expect(await run('user.add', [USER], { system: true, createhome: false, shell: '/bin/sh', fullname: 'A B' })).toBe(
    true,
  );
  expect(entry('passwd', USER).split(':').slice(4)).toEqual([
    expect.stringMatching(/^A B/),
    `/home/${USER}`,
    '/bin/sh',
  ]);
  expect(await run('user.info', [USER])).toMatchObject({ name: USER, shell: '/bin/sh', fullname: 'A B' });
  expect(await run('user.chshell', [USER, '/usr/sbin/nologin'])).toBe(true);
  expect(entry('passwd', USER)).toMatch(/:\/usr\/sbin\/nologin$/);
  expect(await run('group.adduser', [GROUP, USER])).toBe(true);
  expect(entry('group', GROUP).split(':')[3]).toBe(USER);
  expect(await run('user.list_groups', [USER])).toContain(GROUP);
  const hash = String(await run('shadow.gen_password', ['correct horse'], { crypt_salt: 'salt' }));
  expect(await run('shadow.set_password', [USER, hash])).toBe(true);
  expect(entry('shadow', USER).split(':')[1]).toBe(hash);
  expect(await run('group.deluser', [GROUP, USER])).toBe(true);
  expect(await run('user.delete', [USER])).toBe(true);
  expect(spawnSync('getent', ['passwd', USER]).status).toBe(2);
  expect(await run('group.delete', [GROUP])).toBe(true);
  expect(spawnSync('getent', ['group', GROUP]).status).toBe(2);
});
