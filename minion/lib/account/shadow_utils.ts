import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../run_program.ts';
import type { AccountProvider, NewUser, UserChange } from './provider.ts';

/** useradd and its kin, which all but the smallest systems have. */
export const shadowUtils: AccountProvider = {
  name: 'useradd',
  runsHere: ({ root }) => existsSync(join(root, 'usr/sbin/useradd')),
  async addUser(context, root, user) {
    await runProgram(
      context,
      ['useradd', ...inRoot(root), ...addOptions(user), '--', user.name],
      `cannot add user ${user.name}`,
    );
  },
  async changeUser(context, root, name, wanted) {
    const options = changeOptions(wanted);
    await runProgram(context, ['usermod', ...inRoot(root), ...options, '--', name], `cannot change user ${name}`);
  },
  async deleteUser(context, root, name, { removeHome, force }) {
    const options = [...(removeHome ? ['-r'] : []), ...(force ? ['-f'] : [])];
    await runProgram(context, ['userdel', ...inRoot(root), ...options, '--', name], `cannot delete user ${name}`);
  },
  async addGroup(context, root, { name, gid, isSystem, isUnique }) {
    const options = [
      ...(gid === undefined ? [] : ['-g', String(gid)]),
      ...(isSystem ? ['-r'] : []),
      ...(isUnique ? [] : ['-o']),
    ];
    await runProgram(context, ['groupadd', ...inRoot(root), ...options, '--', name], `cannot add group ${name}`);
  },
  async changeGroup(context, root, name, { gid, isUnique = true, members }) {
    if (gid !== undefined) {
      const options = [...(isUnique ? [] : ['-o']), '-g', String(gid)];
      await runProgram(context, ['groupmod', ...inRoot(root), ...options, '--', name], `cannot change group ${name}`);
    }
    if (members !== undefined) {
      // gpasswd has another letter for the same option.
      const where = root === undefined ? [] : ['-Q', root];
      await runProgram(
        context,
        ['gpasswd', ...where, '-M', members.join(','), '--', name],
        `cannot change group ${name}`,
      );
    }
  },
  async deleteGroup(context, root, name) {
    await runProgram(context, ['groupdel', ...inRoot(root), '--', name], `cannot delete group ${name}`);
  },
};

function inRoot(root: string | undefined): string[] {
  return root === undefined ? [] : ['-R', root];
}

function option(letter: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [letter, String(value)];
}

function addOptions(user: NewUser): string[] {
  return [
    ...option('-s', user.shell),
    ...option('-u', user.uid),
    ...option('-g', user.gid),
    ...(user.userGroup === undefined || user.gid !== undefined ? [] : [user.userGroup ? '-U' : '-N']),
    ...(user.groups === undefined || user.groups.length === 0 ? [] : ['-G', user.groups.join(',')]),
    user.createHome ? '-m' : '-M',
    ...(user.skipLogs ? ['-l'] : []),
    ...option('-d', user.home),
    ...(user.isUnique ? [] : ['-o']),
    ...(user.isSystem ? ['-r'] : []),
    ...(user.gecos === '' ? [] : ['-c', user.gecos]),
  ];
}

function changeOptions({ newName, uid, gid, home, moveHome, shell, gecos, groups }: UserChange): string[] {
  return [
    ...option('-l', newName),
    ...option('-u', uid),
    ...option('-g', gid),
    ...option('-d', home),
    ...(moveHome ? ['-m'] : []),
    ...option('-s', shell),
    ...option('-c', gecos),
    ...option('-G', groups?.join(',')),
  ];
}
