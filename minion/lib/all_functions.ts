import type { ModuleSpec } from '../../shared/plugin/function.ts';
import type { Catalogue, MinionContext, MinionFunction } from '../context.ts';

/** The modules that can be used here, by name, in order of names. */
export async function usableModules(catalogue: Catalogue): Promise<ReadonlyMap<string, ModuleSpec<MinionContext>>> {
  const modules = new Map<string, ModuleSpec<MinionContext>>();
  for (const name of catalogue.moduleNames.toSorted()) {
    const found = await catalogue.find(name);
    if (found !== undefined && 'functions' in found) modules.set(name, found);
  }
  return modules;
}

/** Every function that can be called here, by its whole name, in order of names. */
export async function allFunctions(catalogue: Catalogue): Promise<ReadonlyMap<string, MinionFunction>> {
  const functions: [string, MinionFunction][] = [];
  for (const [module, spec] of await usableModules(catalogue)) {
    for (const [name, fun] of Object.entries(spec.functions)) functions.push([`${module}.${name}`, fun]);
  }
  return new Map(functions.sort(([a], [b]) => (a < b ? -1 : 1)));
}
