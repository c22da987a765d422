import { FleetError } from '../../../shared/errors.ts';
import { runProgram } from '../run_program.ts';
import type { AccountProvider } from './provider.ts';
import { shadowUtils } from './shadow_utils.ts';

/** What can be done to accounts of this machine alone. */
export type LocalAccounts = Pick<AccountProvider, 'addUser' | 'deleteUser' | 'addGroup' | 'deleteGroup'>;

/** luseradd and its kin, of the package libuser. They know no other root and no number twice. */
export const libuser: LocalAccounts = {
  async addUser(context, root, { name, uid, gid, groups, home, shell, gecos, ...user }) {
    refuse({ root: root !== undefined, 'unique=False': !user.isUnique, nologinit: user.skipLogs });
    const options = [
      ...option('-s', shell),
      ...option('-u', uid),
      ...option('-g', gid),
      ...(user.userGroup === false && gid === undefined ? ['-n'] : []),
      ...(user.createHome ? [] : ['-M']),
      ...option('-d', home),
      ...(user.isSystem ? ['-r'] : []),
      ...(gecos === '' ? [] : ['-c', gecos]),
    ];
    await runProgram(context, ['luseradd', ...options, '--', name], `cannot add user ${name}`);
    if (groups !== undefined && groups.length > 0) await shadowUtils.changeUser(context, undefined, name, { groups });
  },
  async deleteUser(context, root, name, { removeHome }) {
    refuse({ root: root !== undefined });
    const options = removeHome ? ['-r'] : [];
    await runProgram(context, ['luserdel', ...options, '--', name], `cannot delete user ${name}`);
  },
  async addGroup(context, root, { name, gid, isSystem, isUnique }) {
    refuse({ root: root !== undefined, non_unique: !isUnique });
    const options = [...option('-g', gid), ...(isSystem ? ['-r'] : [])];
    await runProgram(context, ['lgroupadd', ...options, '--', name], `cannot add group ${name}`);
  },
  async deleteGroup(context, root, name) {
    refuse({ root: root !== undefined });
    await runProgram(context, ['lgroupdel', '--', name], `cannot delete group ${name}`);
  },
};

function option(letter: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [letter, String(value)];
}

/** Throws ARGS_INVALID for what is asked and cannot be done. */
function refuse(asked: Readonly<Record<string, boolean>>): void {
  const name = Object.keys(asked).find((key) => asked[key]);
  if (name === undefined) return;
  throw new FleetError('ARGS_INVALID', `${name} does not go with local=True`, { hint: 'leave one of the two out' });
}
