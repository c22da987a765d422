import { runCommand } from '../exit.ts';
import { runSaltEmulate } from '../salt_emulate.ts';

/** The process of `salt-emulate`. */
export function main(): Promise<void> {
  return runCommand('salt-emulate', () => runSaltEmulate(process.argv.slice(2)));
}
