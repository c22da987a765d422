import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { type Format, isMapping } from '../../shared/config/format.ts';
import { isShaCrypt } from '../../shared/crypto/sha_crypt.ts';
import { errorLine, systemErrorCode } from '../../shared/errors.ts';
import { limitParallel } from '../../shared/limit_parallel.ts';
import type { Logger } from '../../shared/log.ts';
import { type Permission, readPermissions } from '../permissions/permission_rules.ts';
import { checkLdap } from './check_ldap.ts';
import { readLdapSettings } from './ldap_settings.ts';

/**
 * Operators whom others know (ACL-3): the system's accounts (`pam`), a file (`file`) or a directory (`ldap`). Their name
 * is that of the backend, a dot and their own, so that nobody of them is taken for anybody else, least of all the owner.
 */
export interface ExternalAuth {
  /** Undefined when no backend of ours is named; else whether the password is right. */
  check(user: string, password: string): Promise<boolean> | undefined;
  /** Undefined when it is no such name. */
  permissionsOf(user: string): Promise<readonly Permission[]> | undefined;
}

const backends = ['pam', 'file', 'ldap'] as const;
type Backend = (typeof backends)[number];

/** By backend: user, `group%` or `*`, with what they may. */
export type ExternalRules = Readonly<Partial<Record<Backend, Readonly<Record<string, unknown>>>>>;

/** The setting `external_auth`. */
export const externalAuth: Format<ExternalRules> = {
  expects:
    "a mapping of 'pam', 'file' and 'ldap' to mappings of users, 'group%' or '*' to what they may, as in publisher_acl; 'file' needs '^filename', 'ldap' '^url' (ldaps://…; ldap:// of this machine or with '^starttls'), '^dn' with {user}, or '^binddn' with '^bindpw' or '^bindpw_file', and for groups and with '^binddn' '^basedn'",
  read: (value) => (isMapping(value) && isReadable(value) ? (value as ExternalRules) : undefined),
  fromText: (text) => text,
};

/** Checks under way at a time: each costs a process or some milliseconds. */
const CHECKS_MAX = 4;
const QUEUE_MAX = 32;

export interface ExternalAuthOptions {
  readonly rules: ExternalRules;
  /** Where /etc/group lies. */
  readonly root: string;
  /** Whether the system knows that user by that password. */
  readonly pam: (user: string, password: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createExternalAuth({ rules, root, pam, clock, log }: ExternalAuthOptions): ExternalAuth {
  const grants = Object.fromEntries(backends.map((backend) => [backend, readGrants(rules[backend] ?? {})]));
  const directory = rules.ldap && readLdapSettings(rules.ldap);
  /** Of users of the directory, since their last login: it is not asked with every question. */
  const directoryGroups = new Map<string, readonly string[]>();
  const groupsOf = (backend: Backend, name: string): Promise<readonly string[]> =>
    backend === 'ldap' ? Promise.resolve(directoryGroups.get(name) ?? []) : systemGroupsOf(name, root);
  const grantsOf = (backend: Backend, name: string) =>
    permissionsFor(grants[backend] ?? [], name, () => groupsOf(backend, name));
  const isInDirectory = async (name: string, password: string): Promise<boolean> => {
    if (directory?.wantsGroups !== true && (await grantsOf('ldap', name)).length === 0) return false;
    const groups = directory && (await checkLdap(directory, name, password, clock));
    if (groups === undefined) return false;
    directoryGroups.set(name, groups);
    return (await grantsOf('ldap', name)).length > 0;
  };
  const inTurn = limitParallel(CHECKS_MAX);
  let asked = 0;
  const judge = async (user: string, check: () => Promise<boolean>): Promise<boolean> => {
    if (asked >= CHECKS_MAX + QUEUE_MAX) return false;
    asked++;
    try {
      return await inTurn(check);
    } catch (error) {
      log.error('a password could not be checked', { user, reason: errorLine(error) });
      return false;
    } finally {
      asked--;
    }
  };
  const find = (user: string): { backend: Backend; name: string } | undefined => {
    const backend = backends.find((one) => rules[one] !== undefined && user.startsWith(`${one}.`));
    return backend && { backend, name: user.slice(backend.length + 1) };
  };
  return {
    check(user, password) {
      const found = find(user);
      if (found === undefined) return undefined;
      const { backend, name } = found;
      if (backend === 'ldap') return judge(user, () => isInDirectory(name, password));
      const check = backend === 'pam' ? () => pam(name, password) : () => isInFile(rules.file ?? {}, name, password);
      return judge(user, async () => (await grantsOf(backend, name)).length > 0 && check());
    },
    permissionsOf(user) {
      const found = find(user);
      return found && grantsOf(found.backend, found.name);
    },
  };
}

/** Lines `user:$6$salt$hash`, as of /etc/shadow. */
async function isInFile(rules: Readonly<Record<string, unknown>>, name: string, password: string): Promise<boolean> {
  const text = await readFile(String(rules['^filename']), 'utf8');
  const line = text.split('\n').find((one) => one.startsWith(`${name}:`));
  return (
    line !== undefined &&
    isShaCrypt(
      password,
      line
        .slice(name.length + 1)
        .split(':')[0]
        ?.trim() ?? '',
    )
  );
}

/** What a user, the members of a `group%` or `*` may. */
interface Grant {
  readonly key: string;
  readonly permissions: readonly Permission[];
}

function readGrants(rules: Readonly<Record<string, unknown>>): readonly Grant[] {
  const entries = Object.entries(rules).filter(([key]) => !key.startsWith('^'));
  return entries.map(([key, list]) => ({ key, permissions: readPermissions(list) }));
}

async function permissionsFor(
  grants: readonly Grant[],
  name: string,
  groupsOf: () => Promise<readonly string[]>,
): Promise<readonly Permission[]> {
  const groups = grants.some(({ key }) => key.endsWith('%')) ? await groupsOf() : [];
  const applies = (key: string): boolean =>
    key === '*' || key === name || (key.endsWith('%') && groups.includes(key.slice(0, -1)));
  return grants.filter(({ key }) => applies(key)).flatMap(({ permissions }) => permissions);
}

/** Those that name him as a member: not his primary one, which is no membership that somebody gave him. */
async function systemGroupsOf(name: string, root: string): Promise<readonly string[]> {
  try {
    const lines = (await readFile(join(root, 'etc/group'), 'utf8')).split('\n').map((line) => line.split(':'));
    return lines.flatMap(([group = '', , , members = '']) => (members.split(',').includes(name) ? [group] : []));
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return [];
  }
}

function isReadable(value: Readonly<Record<string, unknown>>): boolean {
  try {
    return Object.entries(value).every(([backend, rules]) => {
      if (!(backends as readonly string[]).includes(backend) || !isMapping(rules)) return false;
      if (backend === 'file' && !String(rules['^filename'] ?? '').startsWith('/')) return false;
      if (backend === 'ldap') readLdapSettings(rules);
      readGrants(rules);
      return true;
    });
  } catch {
    return false;
  }
}

/** Names that only those of a backend have. */
export function isExternalName(user: string): boolean {
  return backends.some((backend) => user.startsWith(`${backend}.`));
}
