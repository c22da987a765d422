import * as v from 'valibot';

/** Passwords do not cross a network in clear: this is asked as it is … */
export const ldapUrl = /^(ldaps:\/\/[^/]+|ldap:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?)\/?$/;
/** … and this with StartTLS. */
const startTlsUrl = /^ldap:\/\/[^/]+\/?$/;
/** Where the name of the user goes in `^filter`, as Salt's templates have it. */
const USERNAME = /\{\{\s*username\s*\}\}/g;

const Text = v.pipe(v.string(), v.minLength(1));
/** RFC 4512 §1.4: a name. */
const Attribute = v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9-]*$/));

/** Of a directory, as `external_auth` says it; the words and defaults of groups are those of Salt's `auth.ldap.*`. */
const Settings = v.strictObject({
  /** `ldaps://…`; `ldap://…` on this machine, or with `^starttls`. */
  '^url': Text,
  /** Ask for TLS on the connection before anything else is said (RFC 4511 §4.14). */
  '^starttls': v.optional(v.boolean(), false),
  /** What to bind as, with `{user}` for the name: `uid={user},ou=people,dc=example,dc=com`. Not with `^binddn`. */
  '^dn': v.optional(v.pipe(v.string(), v.includes('{user}'))),
  /** An account that looks for the entry of the user, and for his groups … */
  '^binddn': v.optional(Text),
  /** … its password, or the file that it is the text of. */
  '^bindpw': v.optional(Text),
  '^bindpw_file': v.optional(v.pipe(v.string(), v.startsWith('/'))),
  /** What it looks for, with `{{ username }}` for the name. */
  '^filter': v.optional(v.pipe(v.string(), v.regex(new RegExp(USERNAME.source))), 'uid={{ username }}'),
  /** Where: 0 is `^basedn` itself, 1 what is right below it, 2 all below. */
  '^scope': v.optional(v.picklist([0, 1, 2]), 2),
  /** File of the authority that the server's certificate is checked with; left out: those of Node. */
  '^ca': v.optional(Text),
  /** Below what groups and users are looked for; left out: they are not. */
  '^basedn': v.optional(Text),
  /** The unit below `^basedn` that holds the groups; null: all of it. Not looked at with `^activedirectory`. */
  '^groupou': v.optional(v.nullable(Attribute), 'Groups'),
  '^groupclass': v.optional(Attribute, 'posixGroup'),
  /** What names the user: in a group, or with `^activedirectory` in his own entry. */
  '^accountattributename': v.optional(Attribute, 'memberUid'),
  /** What names the groups in the entry of the user. */
  '^groupattribute': v.optional(Attribute, 'memberOf'),
  '^persontype': v.optional(Attribute, 'person'),
  /** Groups name the entries of their members (`member`), and not their names. */
  '^activedirectory': v.optional(v.boolean(), false),
});
export type LdapSettings = v.InferOutput<typeof Settings> & {
  /** Somebody is granted something as a member of a group. */
  readonly wantsGroups: boolean;
};

/**
 * Of the rules of that backend. Throws what is wrong with them when they cannot be read, contradict each other, or want
 * something looked for and do not say where it is.
 */
export function readLdapSettings(rules: Readonly<Record<string, unknown>>): LdapSettings {
  const entries = Object.entries(rules);
  const settings = v.parse(Settings, Object.fromEntries(entries.filter(([key]) => key.startsWith('^'))));
  const { '^url': url, '^starttls': startTls, '^dn': dn, '^binddn': account, '^basedn': below } = settings;
  if (!(startTls ? startTlsUrl : ldapUrl).test(url)) throw new Error('no such ^url');
  if ((dn === undefined) === (account === undefined)) throw new Error('one of ^dn and ^binddn');
  const passwords = [settings['^bindpw'], settings['^bindpw_file']].filter((value) => value !== undefined);
  if (passwords.length !== (account === undefined ? 0 : 1)) throw new Error('one of ^bindpw and ^bindpw_file');
  const wantsGroups = entries.some(([key]) => key.endsWith('%'));
  if ((account !== undefined || wantsGroups) && below === undefined) throw new Error('no ^basedn');
  return { ...settings, wantsGroups };
}

/** The filter of a user's entry; signs of its grammar in his name stand for themselves (RFC 4515 §3). */
export function userFilter(template: string, user: string): string {
  const escaped = user.replaceAll(/[\\*()\0]/g, (sign) => `\\${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
  // By a function: a dollar in it means nothing.
  return template.replaceAll(USERNAME, () => escaped);
}
