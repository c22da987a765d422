import { globPaths } from '../data/glob_paths.ts';
import { FleetError } from '../errors.ts';
import type { ReactorFile } from './plan_reactions.ts';

/** The reactor files that an absolute path, or a glob of them, names. Throws FILE_UNREADABLE when there is none. */
export async function findLocalFiles(reference: string): Promise<readonly ReactorFile[]> {
  const paths = await globPaths(reference);
  if (paths.length === 0) throw noReactorFile(reference, 'mend the rule, or put the file there');
  return paths.map((path) => ({ name: path, path }));
}

export function noReactorFile(reference: string, hint: string): FleetError {
  return new FleetError('FILE_UNREADABLE', `there is no reactor file ${reference}`, { hint });
}
