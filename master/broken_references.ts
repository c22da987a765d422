import { brokenReferences, mustBeReadable } from '../shared/broken_references.ts';
import { destinationsOf, readReturner } from '../shared/plugin/open_returner.ts';
import { coreReturners } from '../shared/plugin/open_returners.ts';
import { toRules } from '../shared/reactor/reactor_rules.ts';
import type { MasterConfig } from './config.ts';
import { createFileRoots } from './files/file_roots.ts';
import { createFindReactorFiles } from './reactor/find_reactor_files.ts';

/** What is wrong with the returners and files that are only looked for when they are needed, a line each. */
export function masterBrokenReferences(config: MasterConfig): Promise<string[]> {
  const { external_auth: auth, ext_job_cache: cache, event_return: events } = config;
  const findReactorFiles = createFindReactorFiles(createFileRoots(config.file_roots));
  const passwordFiles = [
    ['external_auth: file: ^filename', auth.file?.['^filename']],
    ['external_auth: ldap: ^bindpw_file', auth.ldap?.['^bindpw_file']],
  ] as const;
  return brokenReferences([
    ...destinationsOf([...cache, ...events]).map((named) => readReturner(named, coreReturners(), config)),
    ...toRules(config.reactor)
      .flatMap(({ files }) => files)
      .map(findReactorFiles),
    ...passwordFiles
      .filter(([, path]) => path !== undefined)
      .map(([setting, path]) => mustBeReadable(setting, String(path))),
  ]);
}
