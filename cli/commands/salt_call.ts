import { runCommand } from '../exit.ts';
import { runSaltCall } from '../salt_call.ts';
import { processTerminal } from '../terminal.ts';

/** The process of `salt-call`. */
export function main(): Promise<void> {
  return runCommand('salt-call', () => runSaltCall(process.argv.slice(2), processTerminal()));
}
