import { isAbsolute } from 'node:path';
import type { MinionContext } from '../../context.ts';
import { findHostKeys, type HostKey, parseHostKeys, sshHostname } from './known_hosts.ts';
import { findUserFile, readSshFile, type SshFile } from './ssh_file.ts';

/** Salt's answer to what cannot be done. */
export interface HostError {
  readonly status: 'error';
  readonly error: string;
}

export function hostError(context: MinionContext, error: string): HostError {
  context.setRetcode(1);
  return { status: 'error', error };
}

/** Where hosts are known: to a user, or to the whole machine. */
export interface HostPlace {
  readonly user?: string | undefined;
  readonly config?: string | undefined;
}

export async function findHostsFile(context: MinionContext, { user, config }: HostPlace): Promise<SshFile | HostError> {
  if (user !== undefined) {
    const file = await findUserFile(context, user, config ?? '.ssh/known_hosts');
    return file ?? hostError(context, `User ${user} does not exist`);
  }
  const path = config ?? '/etc/ssh/ssh_known_hosts';
  return isAbsolute(path) ? { path, user: undefined } : hostError(context, 'Cannot determine absolute path to file.');
}

export interface HostQuery extends HostPlace {
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly fingerprint_hash_type?: string | undefined;
}

export async function storedHostKeys(context: MinionContext, query: HostQuery): Promise<HostKey[] | HostError> {
  const file = await findHostsFile(context, query);
  if ('error' in file) return file;
  const text = (await readSshFile(context, file)) ?? '';
  return findHostKeys(text, sshHostname(query.hostname, query.port), query.fingerprint_hash_type);
}

export interface ScanQuery {
  readonly hostname: string;
  readonly enc?: string | undefined;
  readonly port?: number | undefined;
  readonly hash_known_hosts: boolean;
  /** Seconds. */
  readonly timeout: number;
  readonly fingerprint_hash_type?: string | undefined;
}

/** What a host says its keys are; nobody vouches for that. */
export async function scanHost({ exec }: MinionContext, query: ScanQuery): Promise<HostKey[]> {
  const { hostname, enc, port, hash_known_hosts: hashes, timeout, fingerprint_hash_type: hash } = query;
  const argv = [
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(enc === undefined ? [] : ['-t', scanType(enc)]),
    ...['-T', String(timeout)],
    ...(hashes ? ['-H'] : []),
    ...['--', hostname],
  ];
  const { stdout } = await exec(['ssh-keyscan', ...argv], { timeoutMs: (timeout * 4 + 5) * 1000 });
  return parseHostKeys(stdout, hash);
}

/** The short names that ssh-keyscan takes in all its versions. */
function scanType(enc: string): string {
  if (enc.startsWith('ecdsa')) return 'ecdsa';
  return enc.replace(/^ssh-/, '').replace(/^dss$/, 'dsa');
}
