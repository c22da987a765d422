import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { openPrivateKey } from '../../../shared/crypto/private_file.ts';
import { FleetError } from '../../../shared/errors.ts';
import { Flag } from '../../../shared/plugin/args.ts';
import { fn, type MinionContext } from '../../context.ts';

export const keyFunctions = {
  regen_keys: fn({
    summary: "Remove the minion's keys, what it knows of its master's, and make a new key.",
    description: `
The minion that runs goes on with the old key until it is started anew. Then the new one waits on the master until it is accepted
there, which needs the old one to be deleted: \`salt-key -d\`, or saltutil.revoke_auth before.`,
    args: {},
    returns: '``None``.',
    examples: ["salt '*' saltutil.regen_keys"],
    run: regenerateKeys,
  }),
  revoke_auth: fn({
    summary: 'Ask the master to delete the key of this minion.',
    description: `
It is deleted a few seconds after the master agreed, so that the return is not lost; then the minion is disconnected and offers its
key anew. The master refuses when its \`allow_minion_key_revoke\` is False. With preserve_minion_cache=True it keeps the grains and
the mine of this minion.`,
    args: { preserve_minion_cache: v.optional(Flag, false) },
    returns: '``True``, or ``False`` when the master does not answer.',
    examples: ["salt '*' saltutil.revoke_auth"],
    run: (context, { preserve_minion_cache }) => revokeKey(context, preserve_minion_cache),
  }),
};

/** Salt removes all files of that directory, and leaves what cannot be removed. */
async function regenerateKeys({ root, config }: MinionContext): Promise<null> {
  const folder = join(root, String(config.pki_dir));
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) if (!entry.isDirectory()) await unlink(join(folder, entry.name));
  await openPrivateKey(join(folder, 'minion.pem'));
  return null;
}

async function revokeKey({ master }: MinionContext, preserveMinionCache: boolean): Promise<boolean> {
  try {
    await master.ask('revoke', { preserve_minion_cache: preserveMinionCache });
    return true;
  } catch (error) {
    if (error instanceof FleetError && ['TIMED_OUT', 'MASTER_UNREACHABLE'].includes(error.code)) return false;
    throw error;
  }
}
