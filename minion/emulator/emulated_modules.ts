import { type Clock, sleep } from '../../shared/clock.ts';
import type { AnyFunction, ModuleSpec } from '../../shared/plugin/function.ts';
import type { PluginFolder } from '../../shared/plugin/load_folder.ts';
import type { MinionContext } from '../context.ts';

type Module = ModuleSpec<MinionContext>;

/**
 * The modules of an emulated minion. Those that touch the machine are left out: a thousand minions would all install,
 * stop or remove the same things on the one that emulates them.
 */
const emulatedModuleNames: readonly string[] = ['event', 'grains', 'match', 'sys', 'test'];

export function emulatedModules(real: PluginFolder<Module>): PluginFolder<Module> {
  return {
    names: emulatedModuleNames,
    load: async (name) => (emulatedModuleNames.includes(name) ? real.load(name) : undefined),
    rescan: () => undefined,
  };
}

/** The same functions, each taking so much longer; a job that is stopped does not wait. */
export function slowModules(folder: PluginFolder<Module>, delayMs: number, clock: Clock): PluginFolder<Module> {
  const slow = (spec: AnyFunction<MinionContext>): AnyFunction<MinionContext> => ({
    ...spec,
    async run(context, args, extra) {
      await sleep(clock, delayMs, context.signal);
      return spec.run(context, args, extra);
    },
  });
  return {
    names: folder.names,
    async load(name) {
      const module = await folder.load(name);
      if (module === undefined) return undefined;
      const functions = Object.entries(module.functions).map(([fun, spec]) => [fun, slow(spec)]);
      return { ...module, functions: Object.fromEntries(functions) };
    },
    rescan: folder.rescan,
  };
}
