import { argspecOf } from '../../shared/plugin/argspec.ts';
import { docstring } from '../../shared/plugin/documentation.ts';
import type { ModuleSpec } from '../../shared/plugin/function.ts';

/** The text of shared/plugin/runner_functions.json: what a minion, which has no code of a master, can tell of runners. */
export function runnerFunctionsText(runners: readonly (readonly [string, ModuleSpec<never>])[]): string {
  const told = runners
    .flatMap(([module, { functions }]) =>
      Object.entries(functions).map(([name, spec]) => [`${module}.${name}`, spec] as const),
    )
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, spec]) => [name, { ...argspecOf(spec), doc: docstring(name, spec) }]);
  return `${JSON.stringify(Object.fromEntries(told), undefined, 2)}\n`;
}
