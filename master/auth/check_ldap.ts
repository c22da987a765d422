import { readFile } from 'node:fs/promises';

/** Of a directory, as `external_auth` says them. */
export interface LdapSettings {
  /** `ldaps://…`; `ldap://…` only on this machine. */
  readonly url: string;
  /** What to bind as, with `{user}` for the name: `uid={user},ou=people,dc=example,dc=com`. */
  readonly dn: string;
  /** File of the authority that the server's certificate is checked with; left out: those of Node. */
  readonly ca?: string | undefined;
}

const PATIENCE_MS = 5000;

/** Passwords do not cross a network in clear. */
export const ldapUrl = /^(ldaps:\/\/[^/]+|ldap:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?)\/?$/;

/** Whether the directory takes that name with that password (a simple bind, RFC 4513 §5.1). Throws when it cannot be asked. */
export async function checkLdap({ url, dn, ca }: LdapSettings, user: string, password: string): Promise<boolean> {
  // A bind without a password succeeds as nobody (RFC 4513 §5.1.2); other signs would mean something within a name.
  if (password === '' || !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/.test(user)) return false;
  // Loaded when it is wanted: most masters never ask a directory.
  const { Client, InvalidCredentialsError } = await import('ldapts');
  const tlsOptions = ca === undefined ? {} : { tlsOptions: { ca: await readFile(ca) } };
  const client = new Client({ url, timeout: PATIENCE_MS, connectTimeout: PATIENCE_MS, ...tlsOptions });
  try {
    await client.bind(dn.replaceAll('{user}', user), password);
    return true;
  } catch (error) {
    if (error instanceof InvalidCredentialsError) return false;
    throw error;
  } finally {
    // The answer stands, whatever becomes of the connection.
    await client.unbind().catch(() => undefined);
  }
}
