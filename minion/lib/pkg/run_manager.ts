import type { MinionContext } from '../../context.ts';
import type { ExecResult } from '../exec.ts';
import { requireSuccess } from '../run_program.ts';
import { ownScope } from './own_scope.ts';

/** For output that is read by this program. */
const PLAIN = { LC_ALL: 'C' };

/** A question to a package manager. */
export function ask(context: MinionContext, argv: readonly [string, ...string[]]): Promise<ExecResult> {
  return context.exec(argv, { env: PLAIN, outputBytesMax: 256 * 1024 * 1024 });
}

/** The answer to a question; throws COMMAND_FAILED when it fails otherwise than by finding nothing. */
export async function askFor(
  context: MinionContext,
  argv: readonly [string, ...string[]],
  nothing?: RegExp,
): Promise<string> {
  const result = await ask(context, argv);
  if (nothing?.test(result.stdout + result.stderr)) return result.stdout;
  requireSuccess(result, `${argv[0]} cannot tell`);
  return result.stdout;
}

/** Changes packages. Throws COMMAND_FAILED with the package manager's own words. */
export async function change(
  context: MinionContext,
  argv: readonly [string, ...string[]],
  what: string,
  successes: readonly number[] = [0],
): Promise<ExecResult> {
  const result = await context.exec(ownScope(context, argv), { env: PLAIN });
  if (!successes.includes(result.retcode)) requireSuccess(result, what);
  return result;
}

export const FAILED = {
  install: 'problem encountered installing package(s)',
  remove: 'problem encountered removing package(s)',
  upgrade: 'problem encountered upgrading packages',
  refresh: 'cannot update the package lists',
} as const;

/** `option` when it is asked for, nothing else. */
export function when(isAsked: boolean | undefined, ...options: readonly string[]): readonly string[] {
  return isAsked === true ? options : [];
}
