import { runCommand } from '../exit.ts';
import { runSaltMaster } from '../salt_master.ts';

/** The process of `salt-master`. */
export function main(): Promise<void> {
  return runCommand('salt-master', () => runSaltMaster(process.argv.slice(2)));
}
