import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The accepted minions by the files of their keys: a key press is no time to ask the master, or to read its configuration
 * as it would. Nothing where they cannot be read.
 */
export function readMinionIds(words: readonly string[], env: Readonly<Record<string, string | undefined>>): string[] {
  const configDir = configDirOf(words) ?? (env.SALT_CONFIG_DIR || '/etc/salt');
  try {
    const config = readText(join(configDir, 'master'));
    const root = settingOf(config, 'root_dir') ?? '/';
    const pkiDir = settingOf(config, 'pki_dir') ?? '/etc/salt/pki/master';
    const folder = `${pkiDir}/`.startsWith(join(root, '/')) ? pkiDir : join(root, pkiDir);
    return readdirSync(join(folder, 'minions')).sort();
  } catch {
    return [];
  }
}

function configDirOf(words: readonly string[]): string | undefined {
  for (const [index, word] of words.entries()) {
    if (word === '-c' || word === '--config-dir') return words[index + 1];
    if (word.startsWith('--config-dir=')) return word.slice('--config-dir='.length);
  }
  return undefined;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** A plain top-level value, as these two are written. */
function settingOf(yaml: string, key: string): string | undefined {
  const value = new RegExp(`^${key}:[ \\t]+(.+?)[ \\t]*(?:#.*)?$`, 'm').exec(yaml)?.[1];
  return value?.replace(/^(['"])(.*)\1$/, '$2');
}
