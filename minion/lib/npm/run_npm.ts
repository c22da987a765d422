import { isDict, pyStr } from '../../../shared/python_text.ts';
import type { MinionContext } from '../../context.ts';
import { commandFailed, type ExecResult } from '../exec.ts';

/** As whom and where npm runs. */
export interface NpmWhere {
  readonly dir?: string | undefined;
  readonly runas?: string | undefined;
  readonly env?: Readonly<Record<string, unknown>> | undefined;
}

export function runNpm(
  context: MinionContext,
  { dir, runas, env = {} }: NpmWhere,
  words: readonly string[],
): Promise<ExecResult> {
  const own = Object.entries(env).map(([name, value]) => [name, value === null ? null : pyStr(value)]);
  return context.exec(['npm', ...words], {
    env: { NO_UPDATE_NOTIFIER: '1', npm_config_fund: 'false', ...Object.fromEntries(own) },
    ...(dir !== undefined && { cwd: dir }),
    ...(runas !== undefined && { runas }),
  });
}

/** What npm writes. Throws COMMAND_FAILED with its own words. */
export async function requireNpm(context: MinionContext, where: NpmWhere, words: readonly string[]): Promise<string> {
  const result = await runNpm(context, where, words);
  if (result.retcode !== 0) throw npmFailed(words, result);
  return result.stdout;
}

/** The JSON that npm answers with. Its status is not 0 as well when something is missing or too much. */
export async function askNpm(
  context: MinionContext,
  where: NpmWhere,
  words: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const result = await runNpm(context, where, words);
  const answer = parseJson(result.stdout);
  if (!isDict(answer) || (result.retcode !== 0 && isDict(answer.error))) throw npmFailed(words, result);
  return answer;
}

/** The JSON in a text that may have lines of install scripts before it; undefined when there is none. */
export function parseJson(text: string): unknown {
  const start = text.search(/^[[{]/m);
  if (start < 0) return undefined;
  try {
    return JSON.parse(text.slice(start));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** With `--json` its words are a member of the answer. */
function npmFailed(words: readonly string[], { retcode, stdout, stderr }: ExecResult) {
  const answer = parseJson(stdout);
  const error = isDict(answer) && isDict(answer.error) ? answer.error : {};
  const said = [error.summary, error.detail].filter((text) => typeof text === 'string' && text !== '').join('\n');
  return commandFailed(`npm ${words[0]}: ${said.trim() || stderr.trim() || stdout.trim() || `exit status ${retcode}`}`);
}
