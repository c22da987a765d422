import { chmod, lstat, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FileMachine, fileMachine, modeOf } from '../../../../support/file_machine.ts';

const isRoot = process.geteuid?.() === 0;
const me = process.geteuid?.() ?? 0;

let machine: FileMachine;
let dir: string;
beforeEach(async () => {
  machine = await fileMachine();
  dir = machine.dir;
});
afterEach(() => machine.remove());

describe('owners and modes', () => {
  test('names and numbers of accounts', async () => {
    expect(await machine.call('user_to_uid', ['ada'])).toBe(4711);
    expect(await machine.call('user_to_uid', ['eve'])).toBe('');
    expect(await machine.call('user_to_uid', [12])).toBe(12);
    expect(await machine.call('user_to_uid')).toBe(me);
    expect(await machine.call('uid_to_user', [4711])).toBe('ada');
    expect(await machine.call('uid_to_user', [999_999])).toBe(999_999);
    expect(await machine.call('group_to_gid', ['crew'])).toBe(4712);
    expect(await machine.call('group_to_gid', ['none'])).toBe('');
    expect(await machine.call('gid_to_group', [4712])).toBe('crew');
  });

  test('modes', async () => {
    const path = await machine.make('f');
    expect(await machine.call('set_mode', [path, '0600'])).toBe('0600');
    expect(await machine.call('set_mode', [path, 4711])).toBe('4711');
    expect(await machine.call('get_mode', [path])).toBe('4711');
    await expect(machine.call('set_mode', [path, '0999'])).rejects.toThrow('must be a file mode');
    await expect(machine.call('set_mode', [`${dir}/none`, '0600'])).rejects.toThrow(`${dir}/none: File not found`);
  });

  test.skipIf(!isRoot)('owners', async () => {
    const path = await machine.make('f');
    await symlink('f', join(dir, 'link'));
    await machine.call('chown', [path, 'ada', 'crew']);
    expect([await machine.call('get_user', [path]), await machine.call('get_group', [path])]).toEqual(['ada', 'crew']);
    expect([await machine.call('get_uid', [path]), await machine.call('get_gid', [path])]).toEqual([4711, 4712]);
    await machine.call('chown', [path, '', 0]);
    expect([await machine.call('get_uid', [path]), await machine.call('get_gid', [path])]).toEqual([4711, 0]);
    await machine.call('chgrp', [`${dir}/link`, 'crew']);
    expect(await stat(path)).toMatchObject({ uid: 4711, gid: 4712 });
    await machine.call('lchown', [`${dir}/link`, 'ada', 7]);
    expect(await lstat(`${dir}/link`)).toMatchObject({ uid: 4711, gid: 7 });
    expect(await stat(path)).toMatchObject({ uid: 4711, gid: 4712 });
  });

  test('an owner that does not exist is an error', async () => {
    const path = await machine.make('f');
    await expect(machine.call('chown', [path, 'eve', 'crew'])).rejects.toThrow('User does not exist: eve');
    await expect(machine.call('chown', [path, 'ada', 'none'])).rejects.toThrow('Group does not exist: none');
    await expect(machine.call('chown', [`${dir}/none`, 'ada', 'crew'])).rejects.toThrow(`File not found: ${dir}/none`);
  });

  test.skipIf(!isRoot)('check_perms mends what differs and says what that was', async () => {
    const path = await machine.make('f');
    await chmod(path, 0o644);
    const before = { luser: 'me', lgroup: (await stat(path)).gid, lmode: '0644' };
    expect(await machine.call('check_perms', [path, {}, 'ada', 'crew', '0640'])).toEqual([
      { name: path, comment: '', result: true, changes: { user: 'ada', group: 'crew', mode: '0640' } },
      before,
    ]);
    expect(await machine.call('check_perms', [path, null, 4711, '', 640])).toMatchObject([
      { changes: {} },
      { lmode: '0640' },
    ]);
    expect(await modeOf(path)).toBe(0o640);
  });
});
