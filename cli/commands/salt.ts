import { runCommand } from '../exit.ts';
import { runSalt } from '../salt.ts';
import { processTerminal } from '../terminal.ts';

/** The process of `salt`. */
export function main(): Promise<void> {
  return runCommand('salt', () => runSalt(process.argv.slice(2), processTerminal()));
}
