import type { MasterContext } from '../master/context.ts';
import { type Documented, docstring, selectNames } from '../shared/plugin/documentation.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import type { PluginFolder } from '../shared/plugin/load_folder.ts';

/** What salt-run does itself with what the master streams: no runner has them, since a runner answers once. */
export const streamedFunctions: Readonly<Record<string, Documented>> = {
  'event.wait': {
    summary: 'Wait for an event and print it.',
    description:
      'The first argument, or tag, is the glob of its tag. timeout says how many seconds are waited (60), since and from\n' +
      'begin with events of the past, and pretty=True indents the data. Exits with 1 when none came.',
    examples: ["salt-run event.wait 'myapp/*' timeout=30"],
  },
  'jobs.watch': {
    summary: 'Follow a job that was published before: what it returned, and the rest as it comes.',
    examples: ['salt-run jobs.watch 20261122093047146206'],
  },
  'state.event': {
    summary: "Watch the master's event bus and print events as they come.",
    description:
      'The first argument, or tagmatch, is the glob of the tags that are wanted. count ends it after so many, quiet=True\n' +
      'prints none, pretty=True indents the data, since and from begin with events of the past.',
    examples: ['salt-run state.event pretty=True', "salt-run state.event 'salt/job/*' count=5 since=10m"],
  },
};

/** Documentation of all functions of salt-run, or of the runners, functions and globs that are named, in order of names. */
export async function runnerDocs(
  runners: PluginFolder<ModuleSpec<MasterContext>>,
  patterns: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const specs = new Map<string, Documented>(Object.entries(streamedFunctions));
  for (const module of runners.names) {
    const found = await runners.load(module);
    for (const [name, spec] of Object.entries(found?.functions ?? {})) specs.set(`${module}.${name}`, spec);
  }
  const names = selectNames([...specs.keys()].sort(), patterns);
  return Object.fromEntries(names.map((name) => [name, docstring(name, specs.get(name) as Documented)]));
}
