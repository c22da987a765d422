import type { MinionContext } from '../../context.ts';
import { systemd } from '../service/systemd.ts';

/**
 * A command line that runs outside the minion's control group where systemd is: an upgrade of the minion would else be
 * killed when it restarts the minion.
 */
export function ownScope(context: MinionContext, argv: readonly [string, ...string[]]): readonly [string, ...string[]] {
  return systemd.runsHere(context) ? ['systemd-run', '--scope', '--quiet', '--', ...argv] : argv;
}
