import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pyStr } from '../../../shared/python_text.ts';
import type { MinionContext } from '../../context.ts';
import { commandFailed, type ExecResult } from '../exec.ts';
import { fileRoot } from '../file_root.ts';

/** What every function of `pip` takes: which pip, as whom, where. */
export interface PipWhere {
  readonly bin_env?: string | undefined;
  readonly user?: string | undefined;
  readonly cwd?: string | undefined;
  readonly env_vars?: Readonly<Record<string, unknown>> | undefined;
}

/** Salt's answer of what pip was told to change. */
export interface PipResult {
  readonly pid: number;
  readonly retcode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runPip(
  context: MinionContext,
  { bin_env: binEnv, user, cwd, env_vars: envVars = {} }: PipWhere,
  words: readonly string[],
  timeoutMs?: number,
): Promise<ExecResult> {
  const own = Object.entries(envVars).map(([name, value]) => [name, value === null ? '' : pyStr(value)]);
  // Nobody is there to answer a question, and a notice of a newer pip is no answer to ours.
  const env = { PIP_NO_INPUT: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1', ...Object.fromEntries(own) };
  return context.exec([...pipCommand(context, binEnv), ...words], {
    env,
    ...(user !== undefined && { runas: user }),
    ...(cwd !== undefined && { cwd }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
}

/** What pip answers to a question. Throws COMMAND_FAILED with its own words. */
export async function askPip(context: MinionContext, where: PipWhere, words: readonly string[]): Promise<string> {
  const { retcode, stdout, stderr } = await runPip(context, where, words);
  if (retcode === 0) return stdout;
  throw commandFailed(`pip ${words[0]}: ${stderr.trim() || stdout.trim() || `exit status ${retcode}`}`);
}

/** pip by the interpreter of a virtual environment, of a file, or of the system. Throws COMMAND_FAILED. */
function pipCommand({ root }: MinionContext, binEnv: string | undefined): readonly [string, ...string[]] {
  if (binEnv === undefined || binEnv === '') return ['python3', '-m', 'pip'];
  const files = fileRoot(root);
  const inside = ['bin/python', 'bin/python3'].map((name) => join(binEnv, name)).find((path) => files.exists(path));
  if (inside !== undefined) return [inside, '-m', 'pip'];
  if (statSync(join(root, binEnv), { throwIfNoEntry: false })?.isFile() !== true) {
    throw commandFailed(`there is no pip in ${binEnv}`, 'bin_env is a virtual environment, a python or a pip');
  }
  return basename(binEnv).startsWith('python') ? [binEnv, '-m', 'pip'] : [binEnv];
}
