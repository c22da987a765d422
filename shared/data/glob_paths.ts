import { lstat, readdir } from 'node:fs/promises';
import { systemErrorCode } from '../errors.ts';
import { globMatcher } from '../target/glob.ts';

/**
 * The paths that exist and match a pattern, sorted, as Python's glob: a wildcard never matches a slash, nor the dot at
 * the start of a hidden name.
 */
export async function globPaths(pattern: string): Promise<string[]> {
  const parts = pattern.split('/').filter((part) => part !== '');
  let paths = [pattern.startsWith('/') ? '/' : ''];
  for (const part of parts) {
    const next = await Promise.all(paths.map((path) => (/[*?[]/.test(part) ? matchesIn(path, part) : [path + part])));
    paths = next.flat().map((path) => `${path}/`);
  }
  const found = paths.map((path) => (path.length > 1 && !pattern.endsWith('/') ? path.slice(0, -1) : path));
  const existing = await Promise.all(found.map(async (path) => ((await exists(path)) ? [path] : [])));
  return existing.flat().sort();
}

async function matchesIn(folder: string, part: string): Promise<string[]> {
  const matches = globMatcher(part);
  const names = await namesIn(folder === '' ? '.' : folder);
  return names
    .filter((name) => name.startsWith('.') === part.startsWith('.') && matches(name))
    .map((name) => folder + name);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return [];
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}
