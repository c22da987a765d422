import * as v from 'valibot';
import { Count, Flag, Line, Text } from '../../../shared/plugin/args.ts';
import { fn, type MinionContext, type MinionFunction } from '../../context.ts';
import { findHostsFile, type HostPlace, hostError, scanHost, storedHostKeys } from './known_host_store.ts';
import { hashHosts, sshHostname, withoutHost } from './known_hosts.ts';
import { FingerprintHash } from './public_key.ts';
import { setKnownHost } from './set_known_host.ts';
import { readSshFile, writeSshFile } from './ssh_file.ts';

const Host = v.pipe(Text, v.regex(/^[\w.:%]([\w.:%-]*\w)?$/, 'must be a host name or an address'));
const user = v.optional(Text);
const config = v.optional(Text);
const port = v.optional(v.pipe(Count, v.minValue(1), v.maxValue(65535, 'must be a port')));
const enc = v.optional(v.pipe(Text, v.regex(/^[a-z][\w.@-]*$/, 'must be the type of a key')));
const hash = { fingerprint_hash_type: FingerprintHash };
const hashes = { hash_known_hosts: v.optional(Flag, true), timeout: v.optional(v.pipe(Count, v.minValue(1)), 5) };
const entry = '``hostname``, ``enc``, ``key`` and ``fingerprint`` of each';

/** Functions on the hosts that are known to ssh. */
export const knownHostFunctions: Readonly<Record<string, MinionFunction>> = {
  get_known_host_entries: fn({
    summary: 'Return what is known of a host: to a user, or to the whole machine with user=None.',
    args: { user: v.nullable(Text), hostname: Host, config, port, ...hash },
    returns: `${entry}, \`\`None\`\` when the host is not known.`,
    examples: ["salt '*' ssh.get_known_host_entries amy example.com"],
    reads: true,
    async run(context, { user: name, ...query }) {
      const stored = await storedHostKeys(context, { ...query, user: name ?? undefined });
      return 'error' in stored || stored.length > 0 ? stored : null;
    },
  }),
  recv_known_host_entries: fn({
    summary: 'Ask a host for its keys; nobody vouches for the answer.',
    args: { hostname: Host, enc, port, ...hashes, ...hash },
    returns: `${entry}, \`\`None\`\` when there is no answer.`,
    examples: ["salt '*' ssh.recv_known_host_entries example.com enc=ed25519 port=2222"],
    reads: true,
    async run(context, query) {
      const shown = await scanHost(context, query);
      return shown.length === 0 ? null : shown;
    },
  }),
  check_known_host: fn({
    summary: 'Return whether a host would have to be added or updated.',
    args: {
      ...{ user, hostname: v.optional(Host), key: v.optional(Line), fingerprint: v.optional(Line) },
      ...{ config, port, ...hash },
    },
    returns: '``add``, ``update`` or ``exists``.',
    examples: ["salt '*' ssh.check_known_host amy example.com key='AAAAC3NzaC1lZDI1NTE5AAAAIA=='"],
    reads: true,
    async run(context, { hostname, key, fingerprint, ...query }) {
      if (hostname === undefined) return noHostname(context);
      const stored = await storedHostKeys(context, { ...query, hostname });
      if ('error' in stored) return stored;
      if (stored.length === 0) return 'add';
      if (key !== undefined) return stored.some((known) => known.key === key) ? 'exists' : 'update';
      const isKnown = fingerprint === undefined || stored.some((known) => known.fingerprint === fingerprint);
      return isKnown ? 'exists' : 'update';
    },
  }),
  rm_known_host: fn({
    summary: 'Remove what is known of a host.',
    args: { user, hostname: v.optional(Host), config, port },
    returns: '``status`` and ``comment``, or ``error``.',
    examples: ["salt '*' ssh.rm_known_host amy example.com"],
    async run(context, { hostname, port: number, ...place }) {
      if (hostname === undefined) return noHostname(context);
      const host = sshHostname(hostname, number);
      return change(context, place, 'removed', (text) => withoutHost(text, host), `Host ${host} not found in`);
    },
  }),
  set_known_host: fn({
    summary: 'Make a host known by a key, or by the keys that it shows.',
    description:
      'Without a key the host is asked. Give a fingerprint then, which one of its keys must have: otherwise whoever answers is believed.',
    args: {
      ...{ user, hostname: v.optional(Host), fingerprint: v.optional(Line), key: v.optional(Line) },
      ...{ port, enc, config, ...hashes, ...hash },
    },
    returns: '``status`` of ``updated`` with ``old`` and ``new``, of ``exists`` with ``keys``, or of ``error``.',
    examples: ["salt '*' ssh.set_known_host amy example.com fingerprint='xx:xx:..:xx' enc='ed25519'"],
    run: async (context, { hostname, ...wanted }) =>
      hostname === undefined ? noHostname(context) : setKnownHost(context, { ...wanted, hostname }),
  }),
  hash_known_hosts: fn({
    summary: 'Put hashes for the names of hosts, so that who reads the file does not learn them.',
    args: { user, config },
    returns: '``status`` and ``comment``, or ``error``.',
    examples: ["salt '*' ssh.hash_known_hosts amy"],
    run: (context, place) => change(context, place, 'updated', hashHosts, 'nothing to hash in'),
  }),
};

function noHostname(context: MinionContext) {
  return hostError(context, 'hostname argument required');
}

async function change(
  context: MinionContext,
  place: HostPlace,
  status: string,
  edit: (text: string) => string | undefined,
  nothing: string,
) {
  const file = await findHostsFile(context, place);
  if ('error' in file) return file;
  const text = await readSshFile(context, file);
  if (text === undefined) return hostError(context, `Known hosts file ${file.path} does not exist`);
  const changed = edit(text) ?? text;
  if (changed === text) return { status, comment: `${nothing} ${file.path}` };
  await writeSshFile(context, file, changed);
  return { status, comment: `${file.path} updated.` };
}
