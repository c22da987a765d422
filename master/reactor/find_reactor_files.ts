import { findLocalFiles, noReactorFile } from '../../shared/reactor/find_local_files.ts';
import type { FindReactorFiles } from '../../shared/reactor/plan_reactions.ts';
import { type FileRoots, parseSaltUrl } from '../files/file_roots.ts';

/** Finds reactor files by their paths, and below the file roots. */
export function createFindReactorFiles(roots: FileRoots): FindReactorFiles {
  return async (reference) => {
    if (!reference.startsWith('salt://')) return findLocalFiles(reference);
    const { path, saltenv } = parseSaltUrl(reference);
    const found = roots.find(path, saltenv);
    if (found !== undefined) return [{ name: reference, path: found }];
    throw noReactorFile(reference, `put it below a directory of file_roots for the environment ${saltenv}`);
  };
}
