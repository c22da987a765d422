import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../shared/if_there.ts';

/** A line of /etc/passwd. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly gecos: string;
  readonly home: string;
  readonly shell: string;
}

/** A line of /etc/group. */
export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** The users and groups of a machine, as its files have them. */
export interface Accounts {
  readonly users: readonly User[];
  readonly groups: readonly Group[];
}

/** Reads etc/passwd and etc/group below `root`; a file that is missing has no entries. */
export async function readAccounts(root: string): Promise<Accounts> {
  const [passwd, group] = await Promise.all([
    readOrEmpty(join(root, 'etc/passwd')),
    readOrEmpty(join(root, 'etc/group')),
  ]);
  return { users: parsePasswd(passwd), groups: parseGroup(group) };
}

/** Lines that are not entries (comments, NIS marks) are left out. */
export function parsePasswd(text: string): User[] {
  return fieldsOf(text).flatMap(([name = '', , uid, gid, gecos = '', home = '', shell = '']) =>
    isNumber(uid) && isNumber(gid) ? [{ name, uid: Number(uid), gid: Number(gid), gecos, home, shell }] : [],
  );
}

export function parseGroup(text: string): Group[] {
  return fieldsOf(text).flatMap(([name = '', , gid, members = '']) =>
    isNumber(gid) ? [{ name, gid: Number(gid), members: members.split(',').filter((member) => member !== '') }] : [],
  );
}

/** By name or by uid. */
export function findUser({ users }: Accounts, who: string | number): User | undefined {
  return users.find((user) => (typeof who === 'number' ? user.uid === who : user.name === who));
}

/** By name or by gid. */
export function findGroup({ groups }: Accounts, which: string | number): Group | undefined {
  return groups.find((group) => (typeof which === 'number' ? group.gid === which : group.name === which));
}

/** The group ids a user has beside the primary one. */
export function supplementaryGids({ groups }: Accounts, user: User): number[] {
  return groups.filter(({ gid, members }) => gid !== user.gid && members.includes(user.name)).map(({ gid }) => gid);
}

function fieldsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => /^[^#+-]/.test(line))
    .map((line) => line.split(':'));
}

function isNumber(field: string | undefined): field is string {
  return field !== undefined && /^\d+$/.test(field);
}

async function readOrEmpty(path: string): Promise<string> {
  return (await ifThere(readFile(path, 'utf8'))) ?? '';
}
