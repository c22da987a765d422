import { FleetError } from '../shared/errors.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import type { MinionContext } from './context.ts';
import { type CustomFile, changedFiles, findCustomFiles } from './lib/custom/find_custom_files.ts';
import { loadScript } from './lib/custom/load_script.ts';
import { whyNoModule } from './lib/custom/why_no_module.ts';
import type { Exec } from './lib/exec.ts';

export interface CustomModulesOptions {
  /** See module_dirs. */
  readonly folders: readonly string[];
  /** Names of our own modules. */
  readonly builtin: readonly string[];
  readonly exec: () => Exec;
  /** Effective user id of this process. */
  readonly euid: number;
}

/** The modules of the operator. */
export interface CustomModules {
  readonly names: readonly string[];
  has(name: string): boolean;
  /** Throws MODULE_UNAVAILABLE with what is wrong with it. */
  load(name: string): Promise<ModuleSpec<MinionContext>>;
  /** Looks at the folders anew; the names of what came, went or is another now. */
  rescan(): readonly string[];
}

/** Nothing is run before it is asked for, and each version of a file is loaded once. */
export function openCustomModules({ folders, builtin, exec, euid }: CustomModulesOptions): CustomModules {
  let files = findCustomFiles(folders, builtin, euid);
  const loaded = new Map<string, Promise<ModuleSpec<MinionContext>>>();
  const load = async (file: CustomFile): Promise<ModuleSpec<MinionContext>> => {
    if (file.refusal !== undefined) throw new FleetError('MODULE_UNAVAILABLE', file.refusal);
    if (file.kind !== 'program') return loadScript(file, whyNoModule);
    const { describeProgram } = await import('./lib/custom/program_module.ts');
    return describeProgram(file.path, exec());
  };
  return {
    get names() {
      return [...files.keys()];
    },
    has: (name) => files.has(name),
    load(name) {
      const file = files.get(name);
      if (file === undefined) throw new FleetError('MODULE_UNAVAILABLE', `there is no file of ${name}`);
      const loading = loaded.get(name) ?? load(file);
      loaded.set(name, loading);
      return loading;
    },
    rescan() {
      const before = files;
      files = findCustomFiles(folders, builtin, euid);
      loaded.clear();
      return changedFiles(before, files);
    },
  };
}
