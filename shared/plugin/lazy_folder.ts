import { FleetError } from '../errors.ts';
import type { PluginFolder } from './load_folder.ts';

/** Imports of the plugins of a folder by their names. None is made before it is asked for. */
export type PluginImports<P> = Readonly<Record<string, () => Promise<{ readonly default?: P }>>>;

/** A folder of plugins of a program that has no folders: a bundle of one file. */
export function lazyFolder<P>(imports: PluginImports<P>): PluginFolder<P> {
  const names = Object.keys(imports).sort();
  const loaded = new Map<string, Promise<P>>();
  const importPlugin = async (name: string, read: PluginImports<P>[string]): Promise<P> => {
    const { default: plugin } = await read();
    if (plugin === undefined) throw new FleetError('MODULE_CRASHED', `${name} has no default export`);
    return plugin;
  };
  return {
    names,
    async load(name) {
      const read = Object.hasOwn(imports, name) ? imports[name] : undefined;
      if (read === undefined) return undefined;
      const plugin = loaded.get(name) ?? importPlugin(name, read);
      loaded.set(name, plugin);
      return plugin;
    },
    rescan: () => undefined,
  };
}
