import type { MinionContext } from '../../context.ts';
import {
  findHostsFile,
  type HostError,
  type HostQuery,
  hostError,
  scanHost,
  storedHostKeys,
} from './known_host_store.ts';
import { type HostKey, hashHost, sshHostname, withHostKeys, withoutHost } from './known_hosts.ts';
import { fingerprintOf, keyType, typeWithin } from './public_key.ts';
import { readSshFile, type SshFile, writeSshFile } from './ssh_file.ts';

export interface WantedHost extends HostQuery {
  readonly fingerprint?: string | undefined;
  readonly key?: string | undefined;
  readonly enc?: string | undefined;
  readonly hash_known_hosts: boolean;
  readonly timeout: number;
}

type SetResult =
  | HostError
  | { readonly status: 'exists'; readonly keys: readonly string[] }
  | { readonly status: 'updated'; readonly old: readonly HostKey[] | null; readonly new: readonly HostKey[] };

/** Makes a host known: by the key that was given, or by those that it shows, which must have the fingerprint given. */
export async function setKnownHost(context: MinionContext, wanted: WantedHost): Promise<SetResult> {
  const stored = await storedHostKeys(context, wanted);
  if ('error' in stored) return stored;
  const keys = stored.map(({ key }) => key);
  if (isSatisfied(stored, wanted)) return { status: 'exists', keys };
  const found = await findKeys(context, wanted);
  if ('error' in found) return found;
  const isUnasked = wanted.key === undefined && wanted.fingerprint === undefined;
  if (isUnasked && found.some(({ key }) => keys.includes(key))) return { status: 'exists', keys };
  const file = await findHostsFile(context, wanted);
  if ('error' in file) return file;
  await store(context, file, wanted, found);
  return { status: 'updated', old: stored.length === 0 ? null : stored, new: found };
}

/** Without a key and a fingerprint the host itself has to be asked. */
function isSatisfied(stored: readonly HostKey[], { key, fingerprint }: WantedHost): boolean {
  if (key === undefined && fingerprint === undefined) return false;
  return stored.some((known) => known.key === key || (key === undefined && known.fingerprint === fingerprint));
}

async function findKeys(context: MinionContext, wanted: WantedHost): Promise<readonly HostKey[] | HostError> {
  const { hostname, key, enc, port, fingerprint, fingerprint_hash_type: hash } = wanted;
  if (key !== undefined) {
    const type = enc === undefined ? typeWithin(key) : keyType(enc);
    if (type === undefined || fingerprintOf(key) === undefined) return hostError(context, 'key is no public key');
    return [{ hostname: sshHostname(hostname, port), enc: type, key, fingerprint: fingerprintOf(key, hash) }];
  }
  const shown = await scanHost(context, wanted);
  if (shown.length === 0) return hostError(context, 'Unable to receive remote host keys');
  if (fingerprint === undefined) return shown;
  // Nobody vouches for the others: whoever answers in the host's place can show its own beside the true one.
  const vouched = shown.filter((each) => each.fingerprint === fingerprint);
  if (vouched.length > 0) return vouched;
  const text = 'Remote host public keys found but none of their fingerprints match the one you have provided';
  return hostError(context, text);
}

async function store(
  context: MinionContext,
  file: SshFile,
  { hostname, port, key, hash_known_hosts: hashes }: WantedHost,
  found: readonly HostKey[],
): Promise<void> {
  const text = (await readSshFile(context, file)) ?? '';
  const types = found.map(({ enc }) => enc);
  const others = withoutHost(text, sshHostname(hostname, port), types) ?? text;
  // What was scanned comes hashed already.
  const isPlain = key !== undefined && hashes;
  const lines = found.map((each) => (isPlain ? { ...each, hostname: hashHost(each.hostname) } : each));
  await writeSshFile(context, file, withHostKeys(others, lines));
}
