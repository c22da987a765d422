import * as v from 'valibot';

/** Passwords do not cross a network in clear. */
export const ldapUrl = /^(ldaps:\/\/[^/]+|ldap:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?)\/?$/;

const Text = v.pipe(v.string(), v.minLength(1));
/** RFC 4512 §1.4: a name. */
const Attribute = v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9-]*$/));

/** Of a directory, as `external_auth` says it; the words and defaults of groups are those of Salt's `auth.ldap.*`. */
const Settings = v.strictObject({
  /** `ldaps://…`; `ldap://…` only on this machine. */
  '^url': v.pipe(v.string(), v.regex(ldapUrl)),
  /** What to bind as, with `{user}` for the name: `uid={user},ou=people,dc=example,dc=com`. */
  '^dn': v.pipe(v.string(), v.includes('{user}')),
  /** File of the authority that the server's certificate is checked with; left out: those of Node. */
  '^ca': v.optional(Text),
  /** Below what groups are looked for; left out: they are not. */
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
export type LdapSettings = v.InferOutput<typeof Settings>;

/** Of the rules of that backend. Throws when they cannot be read, or want groups and do not say where they are. */
export function readLdapSettings(rules: Readonly<Record<string, unknown>>): LdapSettings {
  const entries = Object.entries(rules);
  const settings = v.parse(Settings, Object.fromEntries(entries.filter(([key]) => key.startsWith('^'))));
  if (settings['^basedn'] === undefined && entries.some(([key]) => key.endsWith('%'))) throw new Error('no ^basedn');
  return settings;
}
