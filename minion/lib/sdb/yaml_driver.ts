import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load, YAMLException } from 'js-yaml';
import { deepMerge } from '../../../shared/data/deep_merge.ts';
import { valueAt } from '../../../shared/data/value_path.ts';
import { isDict } from '../../../shared/python_text.ts';
import { saltSchema } from '../../../shared/salt_yaml.ts';
import { systemReason } from '../../../shared/system_reason.ts';
import type { MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import type { Profile, SdbDriver } from './driver.ts';

/** Files of YAML, those that come later laid over those before; keys such as `a:b` lead into them. */
export const yamlDriver: SdbDriver = {
  async get(context, key, profile) {
    let merged: Profile = {};
    for (const file of filesOf(profile)) merged = deepMerge(merged, await readMapping(context, file));
    return valueAt(merged, key);
  },
};

function filesOf({ files, gpg }: Profile): readonly string[] {
  if (gpg) throw commandFailed('the yaml driver of sdb cannot decrypt: gpg is set in its profile');
  const list = typeof files === 'string' ? [files] : files;
  if (Array.isArray(list) && list.every((file) => typeof file === 'string')) return list;
  throw commandFailed('the profile of sdb has no list of files');
}

/** As in Salt, a file that is not there has no values; that is logged. */
async function readMapping({ root, log }: MinionContext, file: string): Promise<Profile> {
  let text: string;
  try {
    text = await readFile(join(root, file), 'utf8');
  } catch (error) {
    log.error(`the file of sdb ${file} cannot be read: ${systemReason(error)}`);
    return {};
  }
  try {
    const value = load(text, { schema: saltSchema });
    return isDict(value) ? value : {};
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw commandFailed(`${file}: ${error.reason}${error.mark ? ` in line ${error.mark.line + 1}` : ''}`);
  }
}
