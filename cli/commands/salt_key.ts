import { runCommand } from '../exit.ts';
import { runSaltKey } from '../salt_key.ts';
import { processTerminal } from '../terminal.ts';

/** The process of `salt-key`. */
export function main(): Promise<void> {
  return runCommand('salt-key', () => runSaltKey(process.argv.slice(2), processTerminal()));
}
