import * as v from 'valibot';
import { colonFingerprint } from '../../shared/crypto/fingerprint.ts';
import { Count, Flag } from '../../shared/plugin/args.ts';
import { defineRunner, fn } from '../context.ts';

export default defineRunner({
  summary: "The master's own keys.",
  functions: {
    rotate: fn({
      summary: 'Replace the key that signs jobs, or with `ca=True` the one that minions pin, while the fleet works on.',
      args: { ca: v.optional(Flag, false), overlap: v.optional(Count) },
      description:
        'overlap: seconds for which minions still take jobs of the old signing key; signing_key_overlap of the configuration when it is left out, 0 for a key that somebody else may have. Connected minions know the new key before it is used; the others learn it when they are back. Constrained minions with an HMAC key of their own are not touched.',
      returns:
        'the new and the old key, which minions confirmed to know the new one, and which connected ones were silent.',
      examples: ['salt-run key.rotate', 'salt-run key.rotate overlap=0', 'salt-run key.rotate ca=True'],
      run: ({ rotation, config }, { ca, overlap }) =>
        ca ? rotation.rotateAuthority() : rotation.rotateSigningKey(overlap ?? config.signing_key_overlap),
    }),
    status: fn({
      summary: 'Show which keys the master has, and which are still taken beside them.',
      args: {},
      returns:
        'the fingerprint that minions pin and those before it, the id of the key that signs jobs, and until when those before it count (seconds UTC).',
      examples: ['salt-run key.status'],
      reads: true,
      run: ({ authority }) => ({
        fingerprint: colonFingerprint(authority.fingerprint),
        predecessors: authority.predecessors.map(colonFingerprint),
        kid: authority.kid,
        retired: Object.fromEntries(authority.retired().map(({ kid, until }) => [kid, until])),
      }),
    }),
  },
});
