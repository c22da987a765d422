import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FleetError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { loadFolder } from '../../shared/plugin/load_folder.ts';
import { type AnyReactor, whyNoReactor } from '../../shared/plugin/reactor.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import type { TypedReactor } from './run_typed_reactor.ts';

/** The reactors of `reactor_dirs`; a file that cannot be loaded is said loudly and hurts no other. */
export async function loadTypedReactors(folders: readonly string[], log: Logger): Promise<readonly TypedReactor[]> {
  const found = await Promise.all(folders.map((folder) => loadOne(folder, log)));
  return found.flat();
}

async function loadOne(path: string, log: Logger): Promise<readonly TypedReactor[]> {
  const folder = loadFolder<AnyReactor>(pathToFileURL(join(path, '/')));
  if (folder.names.length === 0) log.warning('there is no reactor in a folder of reactor_dirs', { folder: path });
  const reactors: TypedReactor[] = [];
  for (const name of folder.names) {
    const file = join(path, name);
    try {
      const spec = await folder.load(name);
      const reason = whyNoReactor(spec);
      if (spec === undefined || reason !== undefined) throw new FleetError('CONFIG_INVALID', reason ?? 'it is gone');
      reactors.push({ file, name, spec, matches: globMatcher(spec.tag) });
    } catch (error) {
      log.error('a reactor cannot be loaded', { file, error: String(error) });
    }
  }
  return reactors;
}
