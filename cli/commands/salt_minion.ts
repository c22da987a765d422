import { runCommand } from '../exit.ts';
import { runSaltMinion } from '../salt_minion.ts';

/** The process of `salt-minion`. */
export function main(): Promise<void> {
  return runCommand('salt-minion', () => runSaltMinion(process.argv.slice(2)));
}
