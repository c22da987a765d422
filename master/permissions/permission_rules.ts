import { type Format, isMapping, isTextList } from '../../shared/config/format.ts';
import { parseTarget } from '../../shared/target/parse_target.ts';
import { compileRegex } from '../../shared/target/regex.ts';

/**
 * A whole text must match: Salt's expressions match the beginning, and `test.ping` would then permit `test.pingx` too.
 */
export interface Pattern {
  matches(text: string): boolean;
}

/** Functions that somebody may call, and with which arguments. */
export interface Permission {
  readonly op: 'job' | 'runner' | 'wheel';
  /** Of a job: only on the minions of this compound target. */
  readonly target?: string;
  readonly fun: Pattern;
  /** What arguments of these places must look like; all others are free. */
  readonly args?: readonly Pattern[];
  readonly kwargs?: Readonly<Record<string, Pattern>>;
}

/** By the regular expression of who may. */
export type PermissionRules = readonly { readonly user: Pattern; readonly permissions: readonly Permission[] }[];

export interface Blacklist {
  readonly users: readonly Pattern[];
  readonly modules: readonly Pattern[];
}

const EXPECTS =
  "a mapping of operators (regular expressions) to lists of functions (regular expressions), {'target': [functions]}, {function: {args: […], kwargs: {…}}}, '@runner', '@wheel' or '@jobs'";

/** The setting `publisher_acl` (ACL-2, in the forms of ACL-3). */
export const publisherAcl: Format<Readonly<Record<string, unknown>>> = {
  expects: EXPECTS,
  read: (value) => (isMapping(value) && quietly(() => readRules(value)) !== undefined ? value : undefined),
  fromText: (text) => text,
};

/** The setting `publisher_acl_blacklist`. */
export const publisherAclBlacklist: Format<Readonly<Record<string, unknown>>> = {
  expects: "a mapping of 'users' and 'modules' to lists of regular expressions",
  read: (value) => (isMapping(value) && quietly(() => readBlacklist(value)) !== undefined ? value : undefined),
  fromText: (text) => text,
};

/** Throws when a rule cannot be read. */
export function readRules(value: Readonly<Record<string, unknown>>): PermissionRules {
  return Object.entries(value).map(([user, list]) => {
    return { user: pattern(user), permissions: readPermissions(list) };
  });
}

/** Throws when it cannot be read. */
export function readPermissions(list: unknown): readonly Permission[] {
  if (!Array.isArray(list)) throw new Error('no list');
  return list.flatMap(readPermission);
}

/** Throws when a rule cannot be read. */
export function readBlacklist(value: Readonly<Record<string, unknown>>): Blacklist {
  const { users = [], modules = [], ...others } = value;
  if (!isTextList(users) || !isTextList(modules) || Object.keys(others).length > 0) throw new Error('no lists');
  return { users: users.map(pattern), modules: modules.map(pattern) };
}

function readPermission(item: unknown): Permission[] {
  if (item === '@jobs') return [{ op: 'runner', fun: pattern('jobs\\..*') }];
  if (item === '@runner' || item === '@wheel') return [{ op: opOf(item), fun: pattern('.*') }];
  if (typeof item === 'string') return [{ op: 'job', fun: pattern(item) }];
  if (!isMapping(item)) throw new Error('neither text nor mapping');
  return Object.entries(item).flatMap(([key, value]): Permission[] => {
    if (!Array.isArray(value)) return [{ op: 'job', ...readCall(key, value) }];
    if (key === '@runner' || key === '@wheel')
      return value.flatMap((one) => readCalls(one)).map((one) => ({ op: opOf(key), ...one }));
    parseTarget(key, 'compound');
    return value.flatMap((one) => readCalls(one)).map((one) => ({ op: 'job', target: key, ...one }));
  });
}

function readCalls(item: unknown): Omit<Permission, 'op'>[] {
  if (typeof item === 'string') return [{ fun: pattern(item) }];
  if (!isMapping(item)) throw new Error('neither text nor mapping');
  return Object.entries(item).map(([fun, value]) => readCall(fun, value));
}

function readCall(fun: string, value: unknown): Omit<Permission, 'op'> {
  if (!isMapping(value)) throw new Error('no arguments');
  const { args = [], kwargs = {}, ...others } = value;
  if (!isTextList(args) || !isMapping(kwargs) || Object.keys(others).length > 0) throw new Error('no arguments');
  return {
    fun: pattern(fun),
    args: args.map(pattern),
    kwargs: Object.fromEntries(Object.entries(kwargs).map(([name, text]) => [name, pattern(text)])),
  };
}

function opOf(word: '@runner' | '@wheel'): 'runner' | 'wheel' {
  return word === '@runner' ? 'runner' : 'wheel';
}

function pattern(text: unknown): Pattern {
  if (typeof text !== 'string') throw new Error('no text');
  const regex = compileRegex(`^(?:${text})$`);
  return { matches: (whole) => regex.matchesStart(whole) };
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
