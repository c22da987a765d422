import { createHmac, randomBytes } from 'node:crypto';
import { globMatcher } from '../../../shared/target/glob.ts';
import { fingerprintOf, KEY_TYPE } from './public_key.ts';

/** A key of a host, by Salt's names. */
export interface HostKey {
  readonly hostname: string;
  readonly enc: string;
  readonly key: string;
  readonly fingerprint: string | undefined;
}

/** How ssh writes a host whose port is another than 22. */
export function sshHostname(hostname: string, port: number | undefined): string {
  return port === undefined || port === 22 ? hostname : `[${hostname}]:${port}`;
}

/** Lines of a known hosts file, or of ssh-keyscan; marked lines, which speak of authorities, are left out. */
export function parseHostKeys(text: string, hash: string | undefined): HostKey[] {
  return text.split('\n').flatMap((line) => {
    const fields = parseLine(line);
    if (fields === undefined) return [];
    const fingerprint = fingerprintOf(fields.key, hash);
    return fingerprint === undefined ? [] : [{ ...fields, fingerprint }];
  });
}

/** The keys of one host. */
export function findHostKeys(text: string, host: string, hash: string | undefined): HostKey[] {
  return parseHostKeys(text, hash).filter(({ hostname }) => isOf(hostname, host));
}

/** Takes a host off the lines that name it, or off those of some key types; patterns stay. Undefined: none did. */
export function withoutHost(text: string, host: string, types?: readonly string[]): string | undefined {
  const lines = text.split('\n');
  const left = lines.flatMap((line) => {
    const fields = parseLine(line);
    if (fields === undefined || types?.includes(fields.enc) === false) return [line];
    const names = fields.hostname.split(',');
    const others = names.filter((name) => !isExactly(name, host));
    if (others.length === names.length) return [line];
    return others.length === 0 ? [] : [line.replace(fields.hostname, () => others.join(','))];
  });
  const result = left.join('\n');
  return result === text ? undefined : result;
}

/** Puts hashes for all names that are no patterns: a line for each name. */
export function hashHosts(text: string): string {
  const lines = text.split('\n').flatMap((line) => {
    const fields = parseLine(line);
    if (fields === undefined || /^\||[*?!]/.test(fields.hostname)) return [line];
    return fields.hostname.split(',').map((name) => line.replace(fields.hostname, () => hashHost(name)));
  });
  return lines.join('\n');
}

/** `|1|salt|HMAC of the name`, so that who reads the file does not learn the host. */
export function hashHost(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${hmac(salt, name)}`;
}

/** With further lines behind its own. */
export function withHostKeys(text: string, keys: readonly Omit<HostKey, 'fingerprint'>[]): string {
  const start = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return start + keys.map(({ hostname, enc, key }) => `${hostname} ${enc} ${key}\n`).join('');
}

function parseLine(line: string): Omit<HostKey, 'fingerprint'> | undefined {
  const [hostname = '', enc = '', key = ''] = line.trim().split(/\s+/);
  if (/^(#|@|$)/.test(hostname) || !KEY_TYPE.test(enc) || key === '') return undefined;
  return { hostname, enc, key };
}

function hmac(salt: Buffer, name: string): string {
  return createHmac('sha1', salt).update(name.toLowerCase()).digest('base64');
}

function isExactly(name: string, host: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(name) ?? [];
  if (salt !== undefined) return hmac(Buffer.from(salt, 'base64'), host) === hash;
  return name.toLowerCase() === host.toLowerCase();
}

/** A pattern behind `!` excludes what it matches. */
function isOf(field: string, host: string): boolean {
  const names = field.split(',');
  const matches = (name: string) => isExactly(name, host) || globMatcher(name.toLowerCase())(host.toLowerCase());
  if (names.some((name) => name.startsWith('!') && matches(name.slice(1)))) return false;
  return names.some((name) => !name.startsWith('!') && matches(name));
}
