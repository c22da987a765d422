import type { MinionContext } from '../../context.ts';
import { type Accounts, findGroup, findUser, readAccounts, supplementaryGids, type User } from '../accounts.ts';
import { commandFailed } from '../exec.ts';
import { accountsRoot } from './provider.ts';

/** The parts of a passwd comment, by Salt's names and in their order. */
const GECOS_FIELDS = ['fullname', 'roomnumber', 'workphone', 'homephone', 'other'] as const;
export type GecosField = (typeof GECOS_FIELDS)[number];
export type Gecos = Readonly<Record<GecosField, string>>;

export function parseGecos(text: string): Gecos {
  const [fullname = '', roomnumber = '', workphone = '', homephone = '', ...rest] = text.split(',');
  return { fullname, roomnumber, workphone, homephone, other: rest.join(',') };
}

/** Only the last part may have commas: in another they would move what follows. */
export function buildGecos(gecos: Gecos): string {
  for (const field of GECOS_FIELDS) {
    if (field !== 'other' && gecos[field].includes(',')) throw commandFailed(`${field} cannot have a comma`);
  }
  return GECOS_FIELDS.map((field) => gecos[field])
    .join(',')
    .replace(/,+$/, '');
}

/** What `user.info` returns. */
export function describeUser(accounts: Accounts, user: User) {
  const { name, uid, gid, home, shell } = user;
  return { uid, gid, groups: groupNames(accounts, user), home, name, passwd: 'x', shell, ...parseGecos(user.gecos) };
}

/** The primary group too. */
export function groupNames(accounts: Accounts, user: User): string[] {
  const gids = [user.gid, ...supplementaryGids(accounts, user)];
  const names = gids.flatMap((gid) => findGroup(accounts, gid)?.name ?? []);
  return [...new Set(names)].sort();
}

/** Throws COMMAND_FAILED, in Salt's words, when there is no such user. */
export async function requireUser(context: MinionContext, name: string, root: string | undefined) {
  const accounts = await readAccounts(accountsRoot(context, root));
  const user = findUser(accounts, name);
  if (user === undefined) throw commandFailed(`User '${name}' does not exist`);
  return { accounts, user };
}
