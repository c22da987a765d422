import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Client, Entry, SearchOptions } from 'ldapts';
import { connectReason } from '../../shared/client/connect_reason.ts';
import { type Clock, sleep } from '../../shared/clock.ts';
import { readPrivateFile } from '../../shared/crypto/private_file.ts';
import { FleetError } from '../../shared/errors.ts';
import { type LdapSettings, userFilter } from './ldap_settings.ts';

const PATIENCE_MS = 5000;
const SCOPES = ['base', 'one', 'sub'] as const;

type Ldap = typeof import('ldapts');

/**
 * The groups of that user, when the directory takes his name with that password (a simple bind, RFC 4513 §5.1); undefined
 * when it does not. His name is `^dn`, or what `^binddn` finds by `^filter`. Groups are looked for when they are granted anything. Throws
 * when the directory cannot be asked: FleetError, or an error of the connection.
 */
export async function checkLdap(
  settings: LdapSettings,
  user: string,
  password: string,
  clock: Clock,
  patienceMs = PATIENCE_MS,
): Promise<readonly string[] | undefined> {
  // A bind without a password succeeds as nobody (RFC 4513 §5.1.2). Other signs would mean something within a name, and
  // capitals would make a second operator of the same person, whom no rule against the first one meets.
  if (password === '' || !/^[a-z0-9_][a-z0-9_.-]{0,31}$/.test(user)) return undefined;
  // Loaded when it is wanted: most masters never ask a directory.
  const ldap = await import('ldapts');
  const client = await openClient(ldap, settings, clock, patienceMs);
  try {
    const becomeAccount = await accountOf(ldap, client, settings);
    await becomeAccount?.();
    const dn = settings['^dn']?.replaceAll('{user}', user) ?? (await findUser(ldap, client, settings, user));
    if (dn === undefined || !(await mayBind(ldap, client, dn, password))) return undefined;
    if (!settings.wantsGroups) return [];
    await becomeAccount?.();
    return await groupsOf(ldap, client, settings, user);
  } finally {
    // The answer stands, whatever becomes of the connection.
    await client.unbind().catch(() => undefined);
  }
}

/** With TLS when it is asked for; nothing is said before it is there. */
async function openClient(ldap: Ldap, settings: LdapSettings, clock: Clock, patienceMs: number): Promise<Client> {
  const { '^url': url, '^ca': ca, '^starttls': startsTls } = settings;
  const trusted: ConnectionOptions = ca === undefined ? {} : { ca: await readFile(ca) };
  const times = { timeout: patienceMs, connectTimeout: patienceMs };
  if (!startsTls) return new ldap.Client({ url, ...times, ...(ca !== undefined && { tlsOptions: trusted }) });
  const client = new ldap.Client({ url, ...times });
  const host = new URL(url).hostname.replaceAll(/[[\]]/g, '');
  try {
    // The certificate is checked for this host; an address is no name that a client may tell (RFC 6066 §3).
    const tls = { ...trusted, host, ...(isIP(host) === 0 && { servername: host }) };
    await within(patienceMs, clock, client.startTLS(tls));
    return client;
  } catch (cause) {
    await client.unbind().catch(() => undefined);
    throw new FleetError('CONFIG_INVALID', `StartTLS with ${url} failed: ${connectReason(cause)}`, {
      hint: 'see ^url and ^ca of external_auth',
      cause,
    });
  }
}

/** ldapts gives a handshake no limit of time. */
async function within(patienceMs: number, clock: Clock, work: Promise<void>): Promise<void> {
  const over = new AbortController();
  const late = sleep(clock, patienceMs, over.signal).then(() => {
    throw new Error(`no answer in time (${patienceMs / 1000} s)`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

/** What binds as `^binddn`; undefined without one. Throws CONFIG_INVALID when the directory does not take it. */
async function accountOf(
  ldap: Ldap,
  client: Client,
  settings: LdapSettings,
): Promise<(() => Promise<void>) | undefined> {
  const { '^binddn': dn, '^bindpw': plain, '^bindpw_file': file } = settings;
  if (dn === undefined) return undefined;
  const password = plain ?? (await passwordIn(file as string));
  return async () => {
    if (await mayBind(ldap, client, dn, password)) return;
    throw new FleetError('CONFIG_INVALID', `the directory does not take ^binddn ${dn} with its password`, {
      hint: 'see ^bindpw and ^bindpw_file of external_auth',
    });
  };
}

/** Without the line feed that editors put at the end. */
async function passwordIn(file: string): Promise<string> {
  const password = (await readPrivateFile(file))?.replace(/\r?\n$/, '') ?? '';
  if (password !== '') return password;
  throw new FleetError('CONFIG_INVALID', `^bindpw_file ${file} holds no password`, {
    hint: 'it has nothing else in it',
  });
}

/** The name of the one entry that is meant; undefined when there is none. */
async function findUser(ldap: Ldap, client: Client, settings: LdapSettings, user: string): Promise<string | undefined> {
  const { '^basedn': base = '', '^filter': template, '^scope': scope } = settings;
  const filter = userFilter(template, user);
  const options = { filter, scope: SCOPES[scope], attributes: ['1.1'], sizeLimit: 2 };
  const [entry, ...others] = await search(ldap, client, base, options);
  if (others.length === 0) return entry?.dn;
  throw new FleetError('CONFIG_INVALID', `the directory has more than one entry for ${filter} below ${base}`, {
    hint: 'make ^filter of external_auth say whom it means',
  });
}

async function mayBind(ldap: Ldap, client: Client, dn: string, password: string): Promise<boolean> {
  try {
    await client.bind(dn, password);
    return true;
  } catch (error) {
    if (error instanceof ldap.InvalidCredentialsError) return false;
    throw error;
  }
}

async function search(ldap: Ldap, client: Client, base: string, options: SearchOptions): Promise<readonly Entry[]> {
  try {
    return (await client.search(base, options)).searchEntries;
  } catch (cause) {
    if (!(cause instanceof ldap.NoSuchObjectError)) throw cause;
    throw new FleetError('CONFIG_INVALID', `the directory has no ${base}`, { hint: 'see ^basedn and ^groupou', cause });
  }
}

/**
 * As Salt looks for them, in the name of `^binddn` or else of the user. Values are sent beside the filter
 * (RFC 4511 §4.5.1): no sign in them is one of its grammar.
 */
async function groupsOf(ldap: Ldap, client: Client, settings: LdapSettings, user: string): Promise<readonly string[]> {
  const { '^basedn': below, '^groupou': unit, '^groupclass': groupClass, '^persontype': person } = settings;
  const { '^accountattributename': account, '^groupattribute': ofUser } = settings;
  if (below === undefined) return [];
  const find = (base: string, members: Readonly<Record<string, string>>, attributes: string[]) => {
    const equal = Object.entries(members).map(([attribute, value]) => new ldap.EqualityFilter({ attribute, value }));
    return search(ldap, client, base, { filter: new ldap.AndFilter({ filters: equal }), attributes });
  };
  if (settings['^activedirectory']) {
    const [entry, ...others] = await find(below, { [account]: user, objectClass: person }, ['cn']);
    if (entry === undefined || others.length > 0) return [];
    const groups = await find(below, { member: entry.dn, objectClass: groupClass }, ['cn']);
    return groups.flatMap((group) => valuesOf(group, 'cn').slice(0, 1));
  }
  const base = unit === null ? below : `ou=${unit},${below}`;
  const found = await find(base, { [account]: user, objectClass: groupClass }, ['cn', ofUser]);
  return found.flatMap((entry) => {
    // His own entry names groups; any other is a group that names him.
    if (firstValue(entry.dn).toLowerCase() === user) return valuesOf(entry, ofUser).map(firstValue);
    return valuesOf(entry, 'cn').slice(0, 1);
  });
}

/** Of an attribute, in whatever case the directory writes its name. */
function valuesOf(entry: Entry, attribute: string): readonly string[] {
  const isMeant = (key: string): boolean => key.toLowerCase() === attribute.toLowerCase();
  return Object.entries(entry).flatMap(([key, value]) => (isMeant(key) ? [value].flat().map(String) : []));
}

/** `ops` of `cn=ops,ou=Groups,dc=example,dc=com`; a backslash stands before signs of the grammar (RFC 4514 §2.4). */
function firstValue(dn: string): string {
  const [, value = ''] = /^[^=,]+=((?:\\.|[^\\,+])*)/.exec(dn) ?? [];
  return value.replaceAll(/\\([0-9A-Fa-f]{2}|.)/g, (_whole, sign: string) =>
    sign.length === 2 ? String.fromCharCode(Number.parseInt(sign, 16)) : sign,
  );
}
