import { runCommand } from '../exit.ts';
import { runSaltRun } from '../salt_run.ts';
import { processTerminal } from '../terminal.ts';

/** The process of `salt-run`. */
export function main(): Promise<void> {
  return runCommand('salt-run', () => runSaltRun(process.argv.slice(2), processTerminal()));
}
