import { join } from 'node:path';
import { operatorSocketName } from '../shared/paths.ts';
import type { PrintConfig } from './command_options.ts';

/** What a short-lived command needs to know of the master's configuration. */
export interface CliConfig extends PrintConfig {
  readonly socketPath: string;
}

/** Throws CONFIG_INVALID and FILE_UNREADABLE. */
export async function loadCliConfig(configDir: string | undefined): Promise<CliConfig> {
  const { loadMasterConfig } = await import('../master/config.ts');
  const config = await loadMasterConfig({ configDir, env: process.env });
  return { ...config, socketPath: join(config.sock_dir, operatorSocketName) };
}
