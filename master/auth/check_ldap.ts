import { readFile } from 'node:fs/promises';
import type { Client, Entry } from 'ldapts';
import { FleetError } from '../../shared/errors.ts';
import type { LdapSettings } from './ldap_settings.ts';

const PATIENCE_MS = 5000;

/**
 * The groups of that user, when the directory takes the name with that password (a simple bind, RFC 4513 §5.1); undefined
 * when it does not. Without `^basedn` there are none. Throws when the directory cannot be asked.
 */
export async function checkLdap(
  settings: LdapSettings,
  user: string,
  password: string,
  patienceMs = PATIENCE_MS,
): Promise<readonly string[] | undefined> {
  // A bind without a password succeeds as nobody (RFC 4513 §5.1.2). Other signs would mean something within a name, and
  // capitals would make a second operator of the same person, whom no rule against the first one meets.
  if (password === '' || !/^[a-z0-9_][a-z0-9_.-]{0,31}$/.test(user)) return undefined;
  const { '^url': url, '^dn': dn, '^ca': ca } = settings;
  // Loaded when it is wanted: most masters never ask a directory.
  const ldap = await import('ldapts');
  const tlsOptions = ca === undefined ? {} : { tlsOptions: { ca: await readFile(ca) } };
  const client = new ldap.Client({ url, timeout: patienceMs, connectTimeout: patienceMs, ...tlsOptions });
  try {
    await client.bind(dn.replaceAll('{user}', user), password);
    return await groupsOf(ldap, client, settings, user);
  } catch (error) {
    if (error instanceof ldap.InvalidCredentialsError) return undefined;
    throw error;
  } finally {
    // The answer stands, whatever becomes of the connection.
    await client.unbind().catch(() => undefined);
  }
}

/**
 * As Salt looks for them, but always in the name of the user. Values are sent beside the filter (RFC 4511 §4.5.1): no
 * sign in them is one of its grammar.
 */
async function groupsOf(
  { AndFilter, EqualityFilter, NoSuchObjectError }: typeof import('ldapts'),
  client: Client,
  settings: LdapSettings,
  user: string,
): Promise<readonly string[]> {
  const { '^basedn': below, '^groupou': unit, '^groupclass': groupClass, '^persontype': person } = settings;
  const { '^accountattributename': account, '^groupattribute': ofUser } = settings;
  if (below === undefined) return [];
  const search = async (base: string, members: Readonly<Record<string, string>>, attributes: string[]) => {
    const equal = Object.entries(members).map(([attribute, value]) => new EqualityFilter({ attribute, value }));
    try {
      return (await client.search(base, { filter: new AndFilter({ filters: equal }), attributes })).searchEntries;
    } catch (cause) {
      if (!(cause instanceof NoSuchObjectError)) throw cause;
      throw new FleetError('CONFIG_INVALID', `the directory has no ${base}`, {
        hint: 'see ^basedn and ^groupou',
        cause,
      });
    }
  };
  if (settings['^activedirectory']) {
    const [entry, ...others] = await search(below, { [account]: user, objectClass: person }, ['cn']);
    if (entry === undefined || others.length > 0) return [];
    const groups = await search(below, { member: entry.dn, objectClass: groupClass }, ['cn']);
    return groups.flatMap((group) => valuesOf(group, 'cn').slice(0, 1));
  }
  const base = unit === null ? below : `ou=${unit},${below}`;
  const found = await search(base, { [account]: user, objectClass: groupClass }, ['cn', ofUser]);
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
