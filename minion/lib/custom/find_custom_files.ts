import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../../shared/errors.ts';
import { whyUntrusted, whyUntrustedAbove } from './trusted_file.ts';

export type CustomKind = 'javascript' | 'typescript' | 'program';

/** A file of a folder of custom modules. */
export interface CustomFile {
  readonly path: string;
  readonly kind: CustomKind;
  /** Another one whenever the content is another. */
  readonly version: string;
  /** Why it must not be run. */
  readonly refusal?: string;
}

const FILE_NAME = /^([a-z][a-z0-9_]*)(\.[a-z0-9]+)?$/;
const KINDS: Readonly<Record<string, CustomKind>> = {
  '.js': 'javascript',
  '.mjs': 'javascript',
  '.ts': 'typescript',
  '.mts': 'typescript',
};
const EXECUTABLE = 0o111;

/**
 * The modules of some folders by name; of two of one name that of the first folder counts, and in a folder the first by
 * name. What stands in `builtin` is not taken from a folder that somebody else may write to.
 */
export function findCustomFiles(
  folders: readonly string[],
  builtin: readonly string[],
  euid: number,
): ReadonlyMap<string, CustomFile> {
  const files = new Map<string, CustomFile>();
  for (const folder of folders) {
    const folderStats = statsOf(folder);
    if (folderStats === undefined) continue;
    const own = whyUntrusted(folderStats, euid);
    const why = own === undefined ? whyUntrustedAbove(folder, euid) : `${folder}: ${own}`;
    for (const [name, file] of filesOf(folder, euid)) {
      if (files.has(name) || (why !== undefined && builtin.includes(name))) continue;
      files.set(name, why === undefined ? file : { ...file, refusal: why });
    }
  }
  return files;
}

/** The names of what came, went or is another now. */
export function changedFiles(
  before: ReadonlyMap<string, CustomFile>,
  after: ReadonlyMap<string, CustomFile>,
): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => !isSame(before.get(name), after.get(name))).sort();
}

function isSame(a: CustomFile | undefined, b: CustomFile | undefined): boolean {
  return a?.path === b?.path && a?.version === b?.version && a?.refusal === b?.refusal;
}

function filesOf(folder: string, euid: number): [string, CustomFile][] {
  return namesIn(folder)
    .sort()
    .flatMap((entry) => {
      const [, name, extension = ''] = FILE_NAME.exec(entry) ?? [];
      const path = join(folder, entry);
      const stats = name === undefined ? undefined : statsOf(path);
      if (name === undefined || stats?.isFile() !== true) return [];
      const isProgram = (stats.mode & EXECUTABLE) !== 0;
      const kind = KINDS[extension] ?? 'program';
      // A text beside the modules is none; a module that cannot be run is said to be broken.
      if (kind === 'program' && !isProgram && extension !== '') return [];
      const lacks = kind === 'program' && !isProgram ? 'it is not executable' : undefined;
      const why = whyUntrusted(stats, euid) ?? lacks;
      const version = `${stats.mtimeMs}-${stats.size}-${stats.ino}`;
      const file: CustomFile = { path, kind, version, ...(why !== undefined && { refusal: `${path}: ${why}` }) };
      return [[name, file] as [string, CustomFile]];
    });
}

/** Empty for what cannot be looked at. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return [];
  }
}

/** Undefined for what is not there, or cannot be looked at. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
