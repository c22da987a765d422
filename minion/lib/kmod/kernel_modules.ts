import { basename } from 'node:path';
import { columns, type FileRoot } from '../file_root.ts';
import { moduleName } from './modules_file.ts';

/** A module that is loaded, as lsmod shows it. */
export interface LoadedModule {
  readonly size: string;
  readonly module: string;
  /** How many use it. */
  readonly depcount: string;
  /** The modules that use it. */
  readonly deps: readonly string[];
}

export function loadedModules(files: FileRoot): LoadedModule[] {
  return columns(files.readText('/proc/modules')).map(([module = '', size = '', depcount = '', users = '-']) => ({
    ...{ size, module, depcount, deps: users === '-' ? [] : users.split(',').filter((user) => user !== '') },
  }));
}

/** Names of the modules that the running kernel has, built in or as files, sorted: what depmod wrote down. */
export async function availableModules(files: FileRoot): Promise<string[]> {
  const release = files.readText('/proc/sys/kernel/osrelease')?.trim() ?? '';
  const folder = `/lib/modules/${release}`;
  const lists = await Promise.all([files.read(`${folder}/modules.builtin`), files.read(`${folder}/modules.dep`)]);
  const paths = lists.flatMap((text) => columns(text).map(([path = '']) => path.replace(/:$/, '')));
  const names = paths.map((path) => moduleName(basename(path).replace(/\.ko(\.\w+)?$/, '')));
  return [...new Set(names)].sort();
}
