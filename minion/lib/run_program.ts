import type { MinionContext } from '../context.ts';
import { commandFailed, type ExecResult } from './exec.ts';

/** Of what a program wrote, the last lines, which tell why it failed. */
const LINES = 5;

/** Throws COMMAND_FAILED unless a program succeeded: what was not done, and why in the program's own words. */
export function requireSuccess({ retcode, stdout, stderr }: ExecResult, what: string): void {
  if (retcode === 0) return;
  const words = (stderr.trim() || stdout.trim()).split('\n').slice(-LINES).join('\n');
  throw commandFailed(`${what}: ${words || `exit status ${retcode}`}`);
}

/** Runs a program that has to succeed, and speaks English. Throws COMMAND_FAILED as `requireSuccess` does. */
export async function runProgram(
  { exec }: Pick<MinionContext, 'exec'>,
  argv: readonly [string, ...string[]],
  what: string,
): Promise<ExecResult> {
  const result = await exec(argv, { env: { LC_ALL: 'C' } });
  requireSuccess(result, what);
  return result;
}
