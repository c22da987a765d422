import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadMasterConfig } from '../../../master/config.ts';
import { loadMinionConfig } from '../../../minion/config.ts';
import { errorLine, toReport } from '../../../shared/errors.ts';
import { shellWord } from '../../../shared/shlex.ts';
import { defineCheck, type Finding, fail, ok } from '../check.ts';
import type { BareMachine } from '../machine.ts';

export interface ConfigurationFacts {
  readonly file: string;
  readonly isThere: boolean;
  /** One line each, as the daemon would tell them. */
  readonly problems: readonly string[];
  /** `salt doctor` for this configuration. */
  readonly again: string;
}

export default defineCheck<ConfigurationFacts>({
  summary: 'Whether the configuration can be read and has no wrong key or value.',
  stage: 'machine',
  gather: { any: gather },
  judge({ file, isThere, problems, again }) {
    if (problems.length > 0) return problems.map((problem) => fail(problem, mendOf(problem, file, again)));
    return [
      ok(isThere ? `${file} is valid` : `there is no ${file}: every setting has its default`),
    ] satisfies Finding[];
  },
});

async function gather({ role, configDir, env, hostname, command }: BareMachine): Promise<ConfigurationFacts> {
  const file = join(configDir, role);
  const again = command('salt', 'doctor');
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  try {
    await (role === 'master' ? loadMasterConfig({ configDir, env }) : loadMinionConfig({ configDir, env, hostname }));
    return { file, isThere, problems: [], again };
  } catch (error) {
    if (!['CONFIG_INVALID', 'FILE_UNREADABLE'].includes(toReport(error).code)) throw error;
    return { file, isThere, problems: errorLine(error).split('\n'), again };
  }
}

/** The command that puts the nearest key in its place, else the one that opens the file at the line. */
function mendOf(problem: string, file: string, again: string): string {
  const [, place, line = '', key, near] =
    /^(.+?):(\d+): unknown key '(\w+)'; did you mean '(\w+)'\?$/.exec(problem) ?? [];
  if (place !== undefined) return `sed -i '${line}s/${key}/${near}/' ${shellWord(place)}`;
  const variable = /^(SALT_\w+): /.exec(problem)?.[1];
  if (variable !== undefined) return `unset ${variable}`;
  const [, path = file, at] = /^(\/.+?)(?::(\d+))?(?::\d+)?: /.exec(problem) ?? [];
  if (problem.includes('permission denied')) return `sudo ${again}`;
  return at === undefined ? `vi ${shellWord(path)}` : `vi +${at} ${shellWord(path)}`;
}
