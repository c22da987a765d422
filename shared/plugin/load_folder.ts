import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FleetError, systemErrorCode } from '../errors.ts';

/**
 * A folder of plugins: the file's name is the plugin's name and its default export is the plugin. There is no list to
 * edit, and nothing is imported before it is asked for.
 */
export interface PluginFolder<P> {
  readonly names: readonly string[];
  /** Undefined when there is no such plugin. */
  load(name: string): Promise<P | undefined>;
  /** Looks at the folder anew: files that came and went. What was loaded once stays as it was. */
  rescan(): void;
}

/**
 * A folder by its path from the root of the program. The build keeps every file two levels below its own root, as this one
 * is in the sources, so that the same step up leads there.
 */
export function programFolder(path: string): URL {
  return new URL(`../../${path}/`, import.meta.url);
}

/** Where the program is: the directory of its files, or the one file in CommonJS that a bundle is. */
export function programPath(): string {
  const file = fileURLToPath(import.meta.url);
  return file.endsWith('.cjs') ? file : fileURLToPath(programFolder('.')).replace(/\/$/, '');
}

export function loadFolder<P>(folder: URL): PluginFolder<P> {
  let files = scan(folder);
  const loaded = new Map<string, Promise<P>>();
  return {
    get names() {
      return [...files.keys()].sort();
    },
    async load(name) {
      const file = files.get(name);
      if (file === undefined) return undefined;
      let plugin = loaded.get(name);
      if (plugin === undefined) {
        plugin = importDefault<P>(new URL(file, folder));
        loaded.set(name, plugin);
      }
      return plugin;
    },
    rescan() {
      files = scan(folder);
    },
  };
}

function scan(folder: URL): Map<string, string> {
  const files = new Map<string, string>();
  for (const file of listFiles(folder)) {
    const match = /^([a-z][a-z0-9_]*)\.(ts|js)$/.exec(file);
    if (match?.[1] !== undefined) files.set(match[1], file);
  }
  return files;
}

function listFiles(folder: URL): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function importDefault<P>(file: URL): Promise<P> {
  const module = (await import(file.href)) as { default?: P };
  if (module.default === undefined) throw new FleetError('MODULE_CRASHED', `${file.pathname} has no default export`);
  return module.default;
}
