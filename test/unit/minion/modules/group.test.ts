import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import group from '../../../../minion/modules/group.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

async function machine(tool: 'usr/sbin/useradd' | 'bin/busybox', commands: Parameters<typeof fakeExec>[0] = {}) {
  const root = await fixtureRoot({
    'etc/passwd': 'anna:x:1000:1000::/:/bin/sh\nbert:x:1001:1000::/:/bin/sh\n',
    'etc/group': 'staff:x:50:anna\n',
    [tool]: '#!',
  });
  const context = fakeContext({ root, exec: fakeExec(commands) });
  return {
    run: (fun: string, ...args: unknown[]) => runFunction(context, group, `group.${fun}`, args),
    read: () => readFile(join(root, 'etc/group'), 'utf8'),
  };
}

test('info and getent tell what the file says', async () => {
  const { run } = await machine('usr/sbin/useradd');
  const staff = { name: 'staff', passwd: 'x', gid: 50, members: ['anna'] };
  expect(await run('info', 'staff')).toEqual(staff);
  expect(await run('info', 'none')).toEqual({});
  expect(await run('getent')).toEqual([staff]);
});

test('groups come, change and go', async () => {
  const { run } = await machine('usr/sbin/useradd', {
    'groupadd -g 70 -r -- deploy': '',
    'groupdel -- staff': '',
    'gpasswd -M anna,bert -- staff': '',
    'gpasswd -M  -- staff': '',
  });
  expect(await run('add', 'deploy', 70, true)).toBe(true);
  expect(await run('adduser', 'staff', 'bert')).toBe(true);
  expect(await run('adduser', 'staff', 'anna')).toBe(true);
  expect(await run('deluser', 'staff', 'anna')).toBe(true);
  expect(await run('delete', 'staff')).toBe(true);
});

test('local groups are made and removed by libuser, which cannot do everything', async () => {
  const { run } = await machine('usr/sbin/useradd', { 'lgroupadd -g 70 -r -- deploy': '', 'lgroupdel -- staff': '' });
  expect(await run('add', 'deploy', 70, true, null, false, true)).toBe(true);
  expect(await run('delete', 'staff', null, true)).toBe(true);
  await expect(run('delete', 'staff', '/mnt', true)).rejects.toThrow('root does not go with local=True');
  await expect(run('add', 'deploy', 70, true, null, true, true)).rejects.toThrow('non_unique does not go with');
});

test('members must be users', async () => {
  const { run } = await machine('usr/sbin/useradd');
  await expect(run('members', 'staff', 'anna,carl')).rejects.toThrow("User 'carl' does not exist");
  await expect(run('members', 'none', 'anna')).rejects.toThrow("Group 'none' does not exist");
});

test('busybox has no program for a change: the file is changed', async () => {
  const { run, read } = await machine('bin/busybox');
  expect(await run('chgid', 'staff', 51)).toBe(true);
  expect(await run('members', 'staff', 'bert,anna')).toBe(true);
  expect(await read()).toBe('staff:x:51:bert,anna\n');
});
