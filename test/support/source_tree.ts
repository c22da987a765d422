import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Import {
  /** As written: `../errors.ts`, `node:net`, `aedes`. */
  readonly specifier: string;
  /** The file within the repository, when it is one of ours. */
  readonly file: string | undefined;
  /** What is taken from it: `{ isIP, type Socket }`. */
  readonly names: string;
  /** Erased by the compiler: it is no dependency at run time. */
  readonly typeOnly: boolean;
  /** From 1. */
  readonly line: number;
}

/** A source file as the architecture rules see it. */
export interface Source {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The lines with comments blanked, for rules about code. */
  readonly code: readonly string[];
  readonly imports: readonly Import[];
}

export const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url));

/** Every TypeScript file of these folders, sorted. A folder that is not there has no files. */
export function readSources(folders: readonly string[]): Source[] {
  return folders.flatMap((folder) => listFiles(join(repositoryRoot, folder)).map(readSource));
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function readSource(file: string): Source {
  return parseSource(relative(repositoryRoot, file), readFileSync(file, 'utf8'));
}

export function parseSource(path: string, text: string): Source {
  const code = blankComments(text);
  return { path, text, code: code.split('\n'), imports: findImports(path, code) };
}

/** Comments become spaces, so that line numbers stay. Biome keeps a space before `//`, which no URL in a text has. */
function blankComments(text: string): string {
  return text
    .replace(/(^|[\s({[,;])\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|\s)\/\/ .*/gm, '$1');
}

const IMPORT = /^(?:import|export)\s+(type\s)?(?:([^'"`;]*?)\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm;

function findImports(path: string, code: string): Import[] {
  return [...code.matchAll(IMPORT)].map((match) => {
    const specifier = match[3] ?? match[4] ?? '';
    return {
      specifier,
      file: specifier.startsWith('.') ? posix.join(dirname(path), specifier) : undefined,
      names: match[2] ?? '',
      typeOnly: match[1] !== undefined,
      line: code.slice(0, match.index).split('\n').length,
    };
  });
}

/** The first cycle among run-time imports, as a chain that ends where it begins; undefined when there is none. */
export function findCycle(sources: readonly Source[]): readonly string[] | undefined {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const { file, typeOnly } of byPath.get(path)?.imports ?? []) {
      const cycle = typeOnly || file === undefined ? undefined : visit(file, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const { path } of sources) {
    const cycle = visit(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
