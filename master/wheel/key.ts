import * as v from 'valibot';
import { colonFingerprint } from '../../shared/crypto/fingerprint.ts';
import { Count, Flag, Text, TextList } from '../../shared/plugin/args.ts';
import { defineWheel, fn, type MasterContext } from '../context.ts';
import { keyDirectories } from '../keys/key_files.ts';
import { type KeyIds, keyStates } from '../keys/key_table.ts';

const match = { match: TextList };

export default defineWheel({
  summary: 'Accept, reject and delete the keys of minions.',
  functions: {
    list_all: fn({
      summary: 'List all keys, by state.',
      args: {},
      examples: ['salt-key -L'],
      reads: true,
      run: async ({ keys }) => {
        await keys.rescan();
        return named(keys.list());
      },
    }),
    name_match: fn({
      summary: 'List the keys that globs match, by state.',
      args: match,
      examples: ["salt-key -l 'web*'"],
      reads: true,
      run: async ({ keys }, args) => {
        await keys.rescan();
        return named(keys.find(args.match));
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
      run: async ({ keys }, args) => named(await keys.delete(args.match)),
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

function named(ids: KeyIds): Record<string, readonly string[]> {
  return Object.fromEntries(keyStates.map((state) => [keyDirectories[state], ids[state]]));
}

async function details(
  { keys }: MasterContext,
  globs: readonly string[],
  show: (key: { readonly pem: string; readonly fingerprint: string }) => string,
): Promise<Record<string, Record<string, string>>> {
  await keys.rescan();
  const found = keys.find(globs);
  return Object.fromEntries(
    keyStates.map((state) => [
      keyDirectories[state],
      Object.fromEntries(
        found[state].flatMap((id) =>
          keys
            .get(id)
            .filter((key) => key.state === state)
            .map((key) => [id, show(key)]),
        ),
      ),
    ]),
  );
}
