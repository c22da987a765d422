import * as v from 'valibot';
import { colonFingerprint } from '../../shared/crypto/fingerprint.ts';
import { FleetError } from '../../shared/errors.ts';
import { eachInTurns } from '../../shared/pace.ts';
import { Count, Flag, Text, TextList } from '../../shared/plugin/args.ts';
import { defineWheel, fn, type MasterContext } from '../context.ts';
import { keyDirectories } from '../keys/key_files.ts';
import { byLetter, type KeyIds, keyStates } from '../keys/key_table.ts';

/** By class, when it is not said: what the client libraries of such devices have room for. */
const DEFAULT_PACKETS: Readonly<Record<number, number>> = { 0: 128, 1: 256, 2: 1024 };
const LARGE_PACKET = 65_536;

const match = { match: TextList };

export default defineWheel({
  summary: 'Accept, reject and delete the keys of minions.',
  functions: {
    list_all: fn({
      summary: 'List all keys, by state.',
      args: {},
      examples: ['salt-key -L'],
      reads: true,
      run: async ({ keys, devices }) => {
        await keys.rescan();
        return named(keys.list(), devices.ids());
      },
    }),
    name_match: fn({
      summary: 'List the keys that globs match, by state.',
      args: match,
      examples: ["salt-key -l 'web*'"],
      reads: true,
      run: async ({ keys, devices }, args) => {
        await keys.rescan();
        return named(keys.find(args.match), devices.find(args.match));
      },
    }),
    accept: fn({
      summary: 'Accept keys that wait; on request also rejected or denied ones.',
      args: { ...match, include_rejected: v.optional(Flag, false), include_denied: v.optional(Flag, false) },
      examples: ["salt-key -a 'web*'"],
      run: async ({ keys }, args) => {
        await keys.rescan();
        const include = [
          ...(args.include_rejected ? (['rejected'] as const) : []),
          ...(args.include_denied ? (['denied'] as const) : []),
        ];
        return named(await keys.accept(args.match, include));
      },
    }),
    reject: fn({
      summary: 'Reject keys that wait; on request also accepted or denied ones, which are disconnected at once.',
      args: { ...match, include_accepted: v.optional(Flag, false), include_denied: v.optional(Flag, false) },
      examples: ["salt-key -r 'web*'"],
      run: async ({ keys }, args) => {
        const include = [
          ...(args.include_accepted ? (['accepted'] as const) : []),
          ...(args.include_denied ? (['denied'] as const) : []),
        ];
        return named(await keys.reject(args.match, include));
      },
    }),
    delete: fn({
      summary: 'Delete keys of any state; their minions are disconnected at once.',
      args: match,
      examples: ["salt-key -d 'web*'"],
      run: async ({ keys, devices }, args) => named(await keys.delete(args.match), await devices.remove(args.match)),
    }),
    print: fn({
      summary: 'Show public keys, by state.',
      args: match,
      examples: ['salt-key -p m1'],
      reads: true,
      run: (context, args) => details(context, args.match, (key) => key.pem),
    }),
    finger: fn({
      summary: "Show fingerprints, by state; under `local` the master's own, which minions pin.",
      args: match,
      examples: ['salt-key -f m1', 'salt-key -F'],
      reads: true,
      run: async (context, args) => ({
        local: { 'master.pub': colonFingerprint(context.authority.fingerprint) },
        ...(await details(context, args.match, (key) => colonFingerprint(key.fingerprint))),
      }),
    }),
    add_constrained: fn({
      summary: 'Add a minion that logs in with a password, and print what it needs to be flashed with.',
      args: {
        id: Text,
        class: v.optional(Count, 1),
        max_packet: v.optional(Count),
        window: v.optional(v.pipe(Count, v.minValue(1, 'must be 1 or more')), 1),
        functions: v.optional(TextList),
        trust: v.optional(v.picklist(['hmac', 'connection'], 'must be hmac or connection'), 'hmac'),
        blocks: v.optional(Flag, false),
      },
      description:
        'class is that of RFC 7228 and gives max_packet when that is left out. functions are all that it can do, beside test.ping. With trust=connection its jobs are not signed. blocks: it pulls the arguments of jobs that are too large for its packets. A minion of that name that is constrained already is replaced.',
      secret: true,
      returns: 'what it needs; the password is stored only as a hash and cannot be shown again.',
      examples: ['salt-key --add-constrained led1 --class 2 --max-packet 256 --functions led.set,sensor.read'],
      run: async ({ keys, devices, config }, { id, class: size, max_packet, ...declared }) => {
        const [key] = keys.get(id);
        if (key !== undefined) {
          throw new FleetError('ARGS_INVALID', `there is a key of ${id} already, ${key.state}`, {
            hint: `salt-key -d ${id}`,
          });
        }
        const packet = max_packet ?? DEFAULT_PACKETS[size] ?? LARGE_PACKET;
        const secrets = await devices.add(id, { class: size, max_packet: packet, ...declared });
        return {
          id,
          class: size,
          max_packet: packet,
          tcp_interface: config.tcp_interface,
          tcp_port: config.tcp_interface === null ? null : config.tcp_port,
          tls_port: config.tls_port,
          user: id,
          ...secrets,
        };
      },
    }),
    gen_token: fn({
      summary: 'Make a token with which one minion is accepted unseen, once.',
      args: { id: v.optional(Text, '*'), ttl: v.optional(Count) },
      secret: true,
      returns: 'the token; it is stored only as a hash and cannot be shown again.',
      examples: ["salt-key --gen-token --id 'web*' --ttl 3600"],
      run: ({ tokens, config }, { id, ttl }) =>
        tokens.generate({ idGlob: id, ttlSeconds: ttl ?? config.enroll_token_expire }),
    }),
  },
});

/** Constrained minions have no key that could be anything but accepted. */
function named(ids: KeyIds, devices: readonly string[] = []): Record<string, readonly string[]> {
  const all = { ...ids, accepted: [...ids.accepted, ...devices].sort(byLetter) };
  return Object.fromEntries(keyStates.map((state) => [keyDirectories[state], all[state]]));
}

async function details(
  { keys }: MasterContext,
  globs: readonly string[],
  show: (key: { readonly pem: string; readonly fingerprint: string }) => string,
): Promise<Record<string, Record<string, string>>> {
  await keys.rescan();
  const found = keys.find(globs);
  const all: Record<string, Record<string, string>> = {};
  for (const state of keyStates) {
    const ofState: Record<string, string> = {};
    await eachInTurns(found[state], (id) => {
      const key = keys.get(id).find((one) => one.state === state);
      if (key !== undefined) ofState[id] = show(key);
    });
    all[keyDirectories[state]] = ofState;
  }
  return all;
}
