import { join } from 'node:path';
import { masterBrokenReferences } from '../../../master/broken_references.ts';
import { minionBrokenReferences } from '../../../minion/broken_references.ts';
import { coreReturners } from '../../../shared/plugin/open_returners.ts';
import { shellWord } from '../../../shared/shlex.ts';
import { defineCheck, fail, ok } from '../check.ts';

export interface ReferenceFacts {
  readonly file: string;
  /** One line each, as the daemon tells them when it starts. */
  readonly problems: readonly string[];
}

export default defineCheck<ReferenceFacts>({
  summary: 'Whether the returners, reactor files and password files that the configuration names can be used.',
  stage: 'machine',
  gather: {
    master: async ({ configDir, config }) => ({
      file: join(configDir, 'master'),
      problems: await masterBrokenReferences(config),
    }),
    minion: async ({ configDir, config }) => ({
      file: join(configDir, 'minion'),
      problems: await minionBrokenReferences(config, coreReturners()),
    }),
  },
  judge({ file, problems }) {
    if (problems.length > 0) return problems.map((problem) => fail(problem, `vi ${shellWord(file)}`));
    return [ok('no returner, reactor file or password file that the configuration names is missing')];
  },
});
