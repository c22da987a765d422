import { errorLine, FleetError } from '../shared/errors.ts';
import { findInModule, splitFunctionName, whyMissing } from '../shared/plugin/find_in_module.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import type { PluginFolder } from '../shared/plugin/load_folder.ts';
import type { Catalogue, FoundModule, MinionContext, MinionFunction } from './context.ts';
import { type CustomModules, openCustomModules } from './custom_modules.ts';
import { refusedModule } from './guards.ts';

type Module = ModuleSpec<MinionContext>;

/**
 * The execution modules of this minion: those of its module_dirs, then our own. Each is asked once whether it can work
 * here. One that is broken is unavailable, with the reason, and hurts no other.
 */
export function createCatalogue(folder: PluginFolder<Module>, context: () => MinionContext): Catalogue {
  const found = new Map<string, FoundModule | Promise<FoundModule>>();
  let opened: CustomModules | undefined;
  const custom = (): CustomModules => {
    opened ??= openCustomModules({
      folders: (context().config.module_dirs ?? []) as readonly string[],
      builtin: folder.names,
      exec: () => context().exec,
      euid: process.geteuid?.() ?? -1,
    });
    return opened;
  };
  const look = async (name: string): Promise<FoundModule> => {
    if (!custom().has(name) && !folder.names.includes(name)) return undefined;
    const refusal = refusedModule(name, context().config);
    if (refusal !== undefined) return { unavailable: refusal };
    try {
      const module = custom().has(name) ? await custom().load(name) : await folder.load(name);
      const reason = module?.unavailable?.(context());
      return reason === undefined ? module : { unavailable: reason };
    } catch (error) {
      const reason = error instanceof FleetError ? errorLine(error) : String(error);
      context().log.error('a module cannot be used', { module: name, reason });
      return { unavailable: reason };
    }
  };
  return {
    get moduleNames() {
      return [...new Set([...custom().names, ...folder.names])].sort();
    },
    refresh() {
      folder.rescan();
      found.clear();
      return custom().rescan();
    },
    find(name) {
      if (found.has(name)) return found.get(name);
      const looking = look(name).then((module) => {
        if (found.get(name) === looking) found.set(name, module);
        return module;
      });
      found.set(name, looking);
      return looking;
    },
  };
}

/**
 * At once when its module is known. Throws, or rejects with, FUNCTION_UNKNOWN or MODULE_UNAVAILABLE in the words that
 * Salt's users know (CLI-19).
 */
export function findFunction(catalogue: Catalogue, fun: string): MinionFunction | Promise<MinionFunction> {
  const [module] = splitFunctionName(fun);
  const found = catalogue.find(module);
  return found instanceof Promise
    ? found.then((known) => functionOf(known, fun, catalogue))
    : functionOf(found, fun, catalogue);
}

function functionOf(found: FoundModule, fun: string, catalogue: Catalogue): MinionFunction {
  if (found !== undefined && !('functions' in found)) {
    const [module] = splitFunctionName(fun);
    throw new FleetError('MODULE_UNAVAILABLE', `'${module}' __virtual__ returned False: ${found.unavailable}`);
  }
  const spec = findInModule(fun, found);
  if (spec !== undefined) return spec;
  const { notYet, near } = whyMissing(fun, found, catalogue.moduleNames);
  const why = notYet === undefined ? `.${near === undefined ? '' : ` Did you mean ${near}?`}` : `: ${notYet}`;
  throw new FleetError('FUNCTION_UNKNOWN', `'${fun}' is not available${why}`);
}
