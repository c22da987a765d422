import { basename, dirname } from 'node:path';
import { FleetError } from '../../../../shared/errors.ts';
import type { MinionContext } from '../../../context.ts';
import { commandFailed } from '../../exec.ts';
import { hasProgram } from '../../has_program.ts';
import { fetchedFile } from '../fetched_file.ts';
import type { NewRepoKey, RepoChange } from '../provider.ts';
import { aptKeys } from './apt_keys.ts';

/** Salt's settings of `pkg.mod_repo` that name the key of a repository; the first of them counts. */
export interface AptRepoKey {
  /** Of the keyserver. */
  readonly keyid?: readonly string[] | undefined;
  readonly keyserver?: string | undefined;
  readonly key_url?: string | undefined;
  readonly key_text?: string | undefined;
}

/**
 * Adds the key that a repository is signed with, to apt-key or as the file that `signedby` names. Throws ARGS_INVALID
 * when there is neither, and COMMAND_FAILED.
 */
export async function addRepoKey(
  context: MinionContext,
  { keyid, keyserver, key_url: url, key_text: text }: AptRepoKey,
  { aptkey, saltenv }: RepoChange,
  signedby: string,
): Promise<void> {
  const keys: NewRepoKey[] = [];
  if (keyid !== undefined || keyserver !== undefined) {
    if (keyid === undefined || keyserver === undefined) throw invalid('both keyserver and keyid options required');
    keys.push(...keyid.map((id) => ({ keyid: id, keyserver })));
  } else if (url !== undefined) keys.push({ path: await fetchedFile(context, url, saltenv) });
  else if (text !== undefined) keys.push({ text });
  const isByAptKey = aptkey && hasProgram(context.root, 'apt-key');
  if (keys.length > 0 && !isByAptKey && !signedby.startsWith('/')) {
    throw invalid("missing 'signedby' option when apt-key is missing", 'name the file that the key is to be in');
  }
  const place = { aptkey: isByAptKey, keydir: isByAptKey ? undefined : dirname(signedby) };
  for (const key of keys) {
    const added = await aptKeys.add(context, place, { ...key, keyfile: isByAptKey ? undefined : basename(signedby) });
    if (!added)
      throw commandFailed(`could not add key: ${key.keyid ?? url ?? 'key_text'}`, 'see the log of the minion');
  }
}

function invalid(message: string, hint?: string): FleetError {
  return new FleetError('ARGS_INVALID', message, hint === undefined ? {} : { hint });
}
