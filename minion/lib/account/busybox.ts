import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MinionContext } from '../../context.ts';
import { findGroup, readAccounts } from '../accounts.ts';
import { commandFailed } from '../exec.ts';
import { runProgram } from '../run_program.ts';
import { type AccountFile, editEntries, editEntry } from './account_files.ts';
import { type AccountProvider, accountsRoot, type NewUser, type UserChange } from './provider.ts';

/** BusyBox's adduser, as Alpine has it. It cannot change an entry: that is done in the files. */
export const busybox: AccountProvider = {
  name: 'busybox',
  runsHere: ({ root }) => ['bin/busybox', 'usr/bin/busybox'].some((path) => existsSync(join(root, path))),
  async addUser(context, root, user) {
    refuseRoot(root);
    await runProgram(context, ['adduser', ...addOptions(user), '--', user.name], `cannot add user ${user.name}`);
    for (const group of user.groups ?? []) {
      await runProgram(context, ['addgroup', '--', user.name, group], `cannot add ${user.name} to ${group}`);
    }
  },
  changeUser: (context, root, name, wanted) =>
    changeFiles({ root: accountsRoot(context, root), context }, name, wanted),
  async deleteUser(context, root, name, { removeHome }) {
    refuseRoot(root);
    const options = removeHome ? ['--remove-home'] : [];
    await runProgram(context, ['deluser', ...options, '--', name], `cannot delete user ${name}`);
  },
  async addGroup(context, root, { name, gid, isSystem }) {
    refuseRoot(root);
    const options = [...(gid === undefined ? [] : ['-g', String(gid)]), ...(isSystem ? ['-S'] : [])];
    await runProgram(context, ['addgroup', ...options, '--', name], `cannot add group ${name}`);
  },
  async changeGroup(context, root, name, { gid, members }) {
    const group = { root: accountsRoot(context, root), file: 'etc/group', context };
    await editEntry(group, name, ([, password = 'x', old = '', all = '']) => [
      name,
      password,
      gid === undefined ? old : String(gid),
      members === undefined ? all : members.join(','),
    ]);
  },
  async deleteGroup(context: MinionContext, root, name) {
    refuseRoot(root);
    await runProgram(context, ['delgroup', '--', name], `cannot delete group ${name}`);
  },
};

function refuseRoot(root: string | undefined): void {
  if (root === undefined) return;
  throw commandFailed('the adduser of this system cannot work in another root', 'install the package shadow');
}

function addOptions(user: NewUser): string[] {
  const option = (letter: string, value: string | number | undefined) =>
    value === undefined ? [] : [letter, String(value)];
  return [
    '-D',
    ...option('-h', user.home),
    ...option('-s', user.shell),
    ...option('-u', user.uid),
    ...option('-G', user.gid),
    ...(user.isSystem ? ['-S'] : []),
    ...(user.createHome ? [] : ['-H']),
    ...(user.gecos === '' ? [] : ['-g', user.gecos]),
  ];
}

async function changeFiles(place: Omit<AccountFile, 'file'>, name: string, wanted: UserChange): Promise<void> {
  if (wanted.moveHome) {
    throw commandFailed('a home cannot be moved by this system', 'move it by file.rename and leave out persist');
  }
  const { newName = name, uid, gid, home, shell, gecos, groups } = wanted;
  const accounts = await readAccounts(place.root);
  const group = gid === undefined ? undefined : findGroup(accounts, /^\d+$/.test(gid) ? Number(gid) : gid);
  if (gid !== undefined && group === undefined) throw commandFailed(`there is no group ${gid}`);
  await editEntry({ ...place, file: 'etc/passwd' }, name, ([, password = 'x', ...old]) => [
    newName,
    password,
    uid === undefined ? (old[0] ?? '') : String(uid),
    group === undefined ? (old[1] ?? '') : String(group.gid),
    gecos ?? old[2] ?? '',
    home ?? old[3] ?? '',
    shell ?? old[4] ?? '',
  ]);
  if (newName !== name) await editEntry({ ...place, file: 'etc/shadow' }, name, ([, ...rest]) => [newName, ...rest]);
  if (groups === undefined && newName === name) return;
  await editEntries({ ...place, file: 'etc/group' }, ([which = '', password = '', number = '', members = '']) => {
    const others = members.split(',').filter((member) => member !== '' && member !== name);
    const isMember = groups === undefined ? members.split(',').includes(name) : groups.includes(which);
    return [which, password, number, [...others, ...(isMember ? [newName] : [])].join(',')];
  });
}
