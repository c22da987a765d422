import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createExec } from '../../../../minion/lib/exec.ts';
import group from '../../../../minion/modules/group.ts';
import user from '../../../../minion/modules/user.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const files = {
  'etc/passwd':
    'root:x:0:0:root:/root:/bin/bash\nanna:x:1000:1000:Anna A.,12,555,,on leave,soon:/home/anna:/bin/sh\n+::::::\n',
  'etc/group': 'root:x:0:\nanna:x:1000:\nsudo:x:27:anna\nadm:x:4:anna,root\n',
  'etc/shadow': 'root:*:19000:0:99999:7:::\nanna:!:19000:0:99999:7:::\n',
};

async function machine(tool: 'usr/sbin/useradd' | 'bin/busybox', commands: Parameters<typeof fakeExec>[0] = {}) {
  const root = await fixtureRoot({ ...files, [tool]: '#!' });
  const context = fakeContext({ root, exec: fakeExec(commands) });
  return {
    run: (fun: string, ...args: unknown[]) => runFunction(context, user, `user.${fun}`, args),
    call: (fun: string, kwargs: Record<string, unknown>) => runFunction(context, user, `user.${fun}`, [], kwargs),
    read: (file: string) => readFile(join(root, file), 'utf8'),
  };
}

test('info has the parts of the comment and all groups, and is empty for who is not there', async () => {
  const { run } = await machine('usr/sbin/useradd');
  expect(await run('info', 'anna')).toEqual({
    name: 'anna',
    uid: 1000,
    gid: 1000,
    groups: ['adm', 'anna', 'sudo'],
    home: '/home/anna',
    passwd: 'x',
    shell: '/bin/sh',
    fullname: 'Anna A.',
    roomnumber: '12',
    workphone: '555',
    homephone: '',
    other: 'on leave,soon',
  });
  expect(await run('info', 'nobody')).toEqual({});
  expect(await run('list_users')).toEqual(['anna', 'root']);
  expect(await run('list_groups', 'anna')).toEqual(['adm', 'anna', 'sudo']);
  expect(await run('primary_group', 'root')).toBe('root');
});

test('add gives useradd each option as an argument of its own', async () => {
  const line = 'useradd -R /mnt -s /bin/zsh -u 1200 -g 100 -G sudo,adm -M -l -d /srv/b -o -r -c Bert B.,,5 -- bert';
  const { call } = await machine('usr/sbin/useradd', { [line]: '' });
  const kwargs = { uid: 1200, gid: 100, groups: 'sudo,adm', home: '/srv/b', shell: '/bin/zsh', unique: false };
  const more = { system: true, createhome: false, nologinit: true, root: '/mnt', fullname: 'Bert B.', workphone: 5 };
  expect(await call('add', { name: 'bert', ...kwargs, ...more })).toBe(true);
});

test('local users are made and removed by libuser, which cannot do everything', async () => {
  const { call } = await machine('usr/sbin/useradd', {
    'luseradd -s /bin/zsh -u 1200 -g 100 -M -d /srv/b -r -c Bert B. -- bert': '',
    'usermod -G sudo,adm -- bert': '',
    'luseradd -n -- carl': '',
    'luserdel -r -- bert': '',
  });
  const bert = {
    name: 'bert',
    uid: 1200,
    gid: 100,
    groups: 'sudo,adm',
    home: '/srv/b',
    shell: '/bin/zsh',
    local: true,
  };
  expect(await call('add', { ...bert, system: true, createhome: false, fullname: 'Bert B.' })).toBe(true);
  expect(await call('add', { name: 'carl', usergroup: false, local: true })).toBe(true);
  expect(await call('delete', { name: 'bert', remove: true, force: true, local: true })).toBe(true);
  for (const [name, value] of Object.entries({ root: '/mnt', unique: false, nologinit: true })) {
    const wrong = call('add', { name: 'dora', local: true, [name]: value });
    await expect(wrong, name).rejects.toThrow(new RegExp(`^${name}\\S* does not go with local=True`));
  }
});

test('what is as asked is left alone', async () => {
  const { run } = await machine('usr/sbin/useradd');
  expect(await run('chuid', 'anna', 1000)).toBe(true);
  expect(await run('chgid', 'anna', 'anna')).toBe(true);
  expect(await run('chshell', 'anna', '/bin/sh')).toBe(true);
  expect(await run('chhome', 'anna', '/home/anna')).toBe(true);
  expect(await run('chgroups', 'anna', 'adm', true)).toBe(true);
  expect(await run('chfullname', 'anna', 'Anna A.')).toBe(true);
});

test('the other parts of a comment stay when one is changed, and a comma cannot move them', async () => {
  const { run } = await machine('usr/sbin/useradd', { 'usermod -c Anna A.,7,555,,on leave,soon -- anna': '' });
  expect(await run('chroomnumber', 'anna', 7)).toBe(true);
  await expect(run('chfullname', 'anna', 'A., Anna')).rejects.toThrow('fullname cannot have a comma');
});

test('a failure says what the program said, and who is missing', async () => {
  const stderr = "useradd: user 'anna' already exists\n";
  const { run } = await machine('usr/sbin/useradd', { 'useradd -m -- anna': { retcode: 9, stderr } });
  await expect(run('add', 'anna')).rejects.toThrow("cannot add user anna: useradd: user 'anna' already exists");
  await expect(run('chuid', 'bert', 5)).rejects.toThrow("User 'bert' does not exist");
});

describe('with busybox', () => {
  test('users come and go by adduser and deluser', async () => {
    const { call, run } = await machine('bin/busybox', {
      'adduser -D -h /srv/b -s /bin/ash -u 1200 -G users -S -H -- bert': '',
      'addgroup -- bert adm': '',
      'deluser --remove-home -- bert': '',
    });
    const kwargs = { uid: 1200, gid: 'users', groups: 'adm', home: '/srv/b', shell: '/bin/ash' };
    expect(await call('add', { name: 'bert', ...kwargs, system: true, createhome: false })).toBe(true);
    expect(await run('delete', 'bert', true)).toBe(true);
  });

  test('changes are made in the files', async () => {
    const { run, read } = await machine('bin/busybox');
    await run('chshell', 'anna', '/bin/ash');
    await run('chgid', 'anna', 'sudo');
    await run('chgroups', 'anna', 'root');
    await run('rename', 'anna', 'anne');
    expect(await read('etc/passwd')).toContain(
      '\nanne:x:1000:27:Anna A.,12,555,,on leave,soon:/home/anna:/bin/ash\n+::',
    );
    expect(await read('etc/group')).toBe('root:x:0:anne\nanna:x:1000:\nsudo:x:27:\nadm:x:4:root\n');
    expect(await read('etc/shadow')).toContain('anne:!:19000');
  });

  test('a value cannot make an entry of its own', async () => {
    const { run, read } = await machine('bin/busybox');
    await expect(run('chshell', 'anna', '/bin/sh\nevil:x:0:0::/:/bin/sh')).rejects.toThrow('a colon or a line break');
    expect(await read('etc/passwd')).toBe(files['etc/passwd']);
  });
});

const isRoot = process.geteuid?.() === 0;
test.runIf(isRoot)('as root, the real useradd and its kin change a scratch root', async () => {
  const root = await fixtureRoot({ ...files, 'etc/gshadow': 'root:*::\n', 'etc/login.defs': '' });
  const exec = createExec({ env: process.env, log: silentLogger, clock: systemClock });
  const context = fakeContext({ root: '/', exec });
  const call = (module: typeof user, fun: string, kwargs: Record<string, unknown>) =>
    runFunction(context, module, fun, [], { ...kwargs, root });
  await call(group, 'group.add', { name: 'deploy', gid: 700 });
  await call(user, 'user.add', { name: 'bert', uid: 1300, gid: 'deploy', createhome: false, fullname: 'Bert; B.' });
  await call(group, 'group.adduser', { name: 'sudo', username: 'bert' });
  await call(user, 'user.chshell', { name: 'bert', shell: '/bin/true' });
  expect(await call(user, 'user.info', { name: 'bert' })).toMatchObject({
    uid: 1300,
    gid: 700,
    groups: ['deploy', 'sudo'],
    fullname: 'Bert; B.',
    shell: '/bin/true',
  });
  await call(user, 'user.delete', { name: 'bert' });
  expect(await call(user, 'user.info', { name: 'bert' })).toEqual({});
  expect(await call(group, 'group.info', { name: 'sudo' })).toMatchObject({ members: ['anna'] });
});
