import { brokenReferences } from '../shared/broken_references.ts';
import type { PluginFolder } from '../shared/plugin/load_folder.ts';
import { destinationsOf, readReturner } from '../shared/plugin/open_returner.ts';
import type { AnyReturner } from '../shared/plugin/returner.ts';
import { findLocalFiles } from '../shared/reactor/find_local_files.ts';
import { toRules } from '../shared/reactor/reactor_rules.ts';
import type { MinionConfig } from './config.ts';

/** What is wrong with the returners and reactor files that are only looked for when they are needed, a line each. */
export function minionBrokenReferences(config: MinionConfig, returners: PluginFolder<AnyReturner>): Promise<string[]> {
  const { return: returns, schedule_returner: ofSchedule } = config;
  return brokenReferences([
    ...destinationsOf([...returns, ...ofSchedule]).map((named) => readReturner(named, returners, config)),
    ...toRules(config.reactor)
      .flatMap(({ files }) => files)
      .map(findLocalFiles),
  ]);
}
