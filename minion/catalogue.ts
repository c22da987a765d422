import { FleetError } from '../shared/errors.ts';
import type { AnyFunction, ModuleSpec } from '../shared/plugin/function.ts';
import type { PluginFolder } from '../shared/plugin/load_folder.ts';
import { nearest } from '../shared/suggest.ts';
import type { Catalogue, MinionContext } from './context.ts';
import { refusedModule } from './guards.ts';

/** The execution modules of this minion, each asked once whether it can work here. */
export function createCatalogue(
  folder: PluginFolder<ModuleSpec<MinionContext>>,
  context: () => MinionContext,
): Catalogue {
  const unavailable = new Map<string, string | undefined>();
  return {
    get moduleNames() {
      return folder.names;
    },
    refresh() {
      folder.rescan();
      unavailable.clear();
    },
    async find(name) {
      if (!folder.names.includes(name)) return undefined;
      const refusal = refusedModule(name, context().config);
      if (refusal !== undefined) return { unavailable: refusal };
      const module = await folder.load(name);
      if (module === undefined) return undefined;
      if (!unavailable.has(name)) unavailable.set(name, module.unavailable?.(context()));
      const reason = unavailable.get(name);
      return reason === undefined ? module : { unavailable: reason };
    },
  };
}

/** Throws FUNCTION_UNKNOWN or MODULE_UNAVAILABLE in the words that Salt's users know (CLI-19). */
export async function findFunction(catalogue: Catalogue, fun: string): Promise<AnyFunction<MinionContext>> {
  const dot = fun.indexOf('.');
  const name = fun.slice(0, dot);
  const found = await catalogue.find(name);
  if (found !== undefined && 'unavailable' in found && typeof found.unavailable === 'string') {
    throw new FleetError('MODULE_UNAVAILABLE', `'${name}' __virtual__ returned False: ${found.unavailable}`);
  }
  const module = found as ModuleSpec<MinionContext> | undefined;
  const wanted = fun.slice(dot + 1);
  if (module === undefined || !Object.hasOwn(module.functions, wanted)) {
    const guess =
      module === undefined ? nearest(name, catalogue.moduleNames) : nearest(wanted, Object.keys(module.functions));
    const near =
      guess === undefined ? '' : ` Did you mean ${module === undefined ? `${guess}.${wanted}` : `${name}.${guess}`}?`;
    throw new FleetError('FUNCTION_UNKNOWN', `'${fun}' is not available.${near}`);
  }
  return module.functions[wanted] as AnyFunction<MinionContext>;
}
