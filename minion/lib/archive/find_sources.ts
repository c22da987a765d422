import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { globPaths } from '../../../shared/data/glob_paths.ts';
import { FleetError } from '../../../shared/errors.ts';
import { isThere } from '../file/owners.ts';
import type { ZipSource } from './write_zip.ts';

/**
 * Puts what is there for globs. A name that matches nothing stays: the program shall say so. Relative names stay
 * relative to `cwd`, and none begins with a dash or an at sign, which programs would take for an option or a list.
 */
export async function expandSources(sources: readonly string[], cwd: string | undefined): Promise<string[]> {
  const expanded = await Promise.all(
    sources.map(async (source) => {
      if (isAbsolute(source)) return globPaths(source);
      return cwd === undefined
        ? [source]
        : (await globPaths(join(cwd, source))).map((path) => relative(cwd, path) || '.');
    }),
  );
  return expanded.flatMap((found, index) => (found.length === 0 ? [sources[index] ?? ''] : found)).map(plainName);
}

export function plainName(name: string): string {
  return /^[-@]/.test(name) ? `./${name}` : name;
}

/** All that is named, and all below it, with names relative to `cwd` or to the root. Throws ARGS_INVALID. */
export async function findZipSources(sources: readonly string[], cwd: string | undefined): Promise<ZipSource[]> {
  const base = cwd ?? '/';
  const found: ZipSource[] = [];
  for (const source of await expandSources(sources, cwd)) {
    if (!isAbsolute(source) && cwd === undefined) {
      throw new FleetError('ARGS_INVALID', `sources: ${source} is relative`, {
        hint: 'give a cwd, or an absolute path',
      });
    }
    const path = join(isAbsolute(source) ? '/' : base, source);
    if (!(await isThere(path))) throw new FleetError('ARGS_INVALID', `sources: ${path} does not exist`);
    for await (const each of below(path))
      found.push({ path: each.path, name: nameOf(relative(base, each.path), each.isFolder) });
  }
  return found.filter(({ name }) => name !== '/');
}

function nameOf(name: string, isFolder: boolean): string {
  const inside = name.replace(/^(\.\.\/)+/, '');
  return isFolder ? `${inside}/` : inside;
}

/** Links to files are followed; links to folders, and what is neither, are left out. */
async function* below(path: string): AsyncGenerator<{ readonly path: string; readonly isFolder: boolean }> {
  const stats = await stat(path);
  if (stats.isFile()) yield { path, isFolder: false };
  if (!stats.isDirectory()) return;
  yield { path, isFolder: true };
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory() || entry.isFile()) yield* below(child);
    else if (entry.isSymbolicLink() && (await isThere(child)) && (await stat(child)).isFile()) {
      yield { path: child, isFolder: false };
    }
  }
}
