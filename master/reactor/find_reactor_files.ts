import { globPaths } from '../../shared/data/glob_paths.ts';
import { FleetError } from '../../shared/errors.ts';
import { type FileRoots, parseSaltUrl } from '../files/file_roots.ts';

/** A reactor file on this machine. */
export interface ReactorFile {
  /** As errors and the history name it: as the rule does, or the path a glob found. */
  readonly name: string;
  readonly path: string;
}

/** The files that a rule means by one of its references. Throws FILE_UNREADABLE when there is none. */
export async function findReactorFiles(reference: string, roots: FileRoots): Promise<readonly ReactorFile[]> {
  if (reference.startsWith('salt://')) {
    const { path, saltenv } = parseSaltUrl(reference);
    const found = roots.find(path, saltenv);
    if (found !== undefined) return [{ name: reference, path: found }];
    throw missing(reference, `put it below a directory of file_roots for the environment ${saltenv}`);
  }
  const paths = await globPaths(reference);
  if (paths.length === 0) throw missing(reference, 'mend the rule, or put the file there');
  return paths.map((path) => ({ name: path, path }));
}

function missing(reference: string, hint: string): FleetError {
  return new FleetError('FILE_UNREADABLE', `there is no reactor file ${reference}`, { hint });
}
