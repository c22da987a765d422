import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { minionBrokenReferences } from '../../../minion/broken_references.ts';
import { loadMinionConfig } from '../../../minion/config.ts';
import { coreReturners } from '../../../shared/plugin/open_returners.ts';
import { temporaryDir } from '../../support/temporary_dir.ts';

test('returners and reactor files of a minion that cannot be used are told', async () => {
  const configDir = temporaryDir();
  const lines = ['return: jsnol', 'schedule_returner: syslog', 'reactor: [{a: [/no/a.sls]}]'];
  writeFileSync(join(configDir, 'minion'), lines.join('\n'));
  const config = await loadMinionConfig({ configDir, env: {}, hostname: 'm1' });
  expect(await minionBrokenReferences(config, coreReturners())).toEqual([
    "there is no returner 'jsnol'; did you mean jsonl",
    'there is no reactor file /no/a.sls; mend the rule, or put the file there',
  ]);
});
