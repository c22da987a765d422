import { fileURLToPath } from 'node:url';
import { masterSchema } from '../master/config.ts';
import type { AnyBeacon } from '../minion/beacon.ts';
import { coreBeacons } from '../minion/beacons.ts';
import { minionSchema } from '../minion/config.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import { loadFolder } from '../shared/plugin/load_folder.ts';
import { messageTable } from '../shared/protocol/message_table.ts';
import { beaconReference, commonBeaconKeys } from './docs/beacon_docs.ts';
import { configFile, configReference } from './docs/config_docs.ts';
import { errorReference } from './docs/error_docs.ts';
import { moduleReference, modulesReference } from './docs/function_docs.ts';
import { performanceDocs } from './docs/performance_docs.ts';
import { protocolReference } from './docs/protocol_docs.ts';
import { runnerFunctionsText } from './docs/runner_functions.ts';
import { secretArgumentsSource } from './docs/secret_arguments.ts';

type AnyModule = ModuleSpec<never>;

/** Every generated file: path from the root of the repository to text. The same code gives the same text. */
export async function generateDocs(): Promise<ReadonlyMap<string, string>> {
  const modules = await loadModules('../minion/modules/');
  const runners = await loadModules('../master/runners/');
  const wheel = await loadModules('../master/wheel/');
  return new Map([
    ['config/master.yaml', configFile(masterSchema)],
    ['config/minion.yaml', configFile(minionSchema)],
    ['shared/plugin/secret_arguments.ts', secretArgumentsSource({ '': modules, 'runner.': runners, 'wheel.': wheel })],
    ['shared/plugin/runner_functions.json', runnerFunctionsText(runners)],
    ['docs/protocol.md', protocolReference(messageTable)],
    ['docs/reference/config_master.md', configReference(masterSchema)],
    ['docs/reference/config_minion.md', configReference(minionSchema)],
    ['docs/reference/errors.md', errorReference()],
    ['docs/reference/beacons/common.md', commonBeaconKeys()],
    ...(await loadBeacons()).map(
      ([name, spec]) => [`docs/reference/beacons/${name}.md`, beaconReference(name, spec)] as const,
    ),
    ...modules.map(([name, module]) => [`docs/reference/modules/${name}.md`, moduleReference(name, module)] as const),
    [
      'docs/reference/runners.md',
      modulesReference('Runners', 'Functions that run on the master: `salt-run <module>.<function>`.', runners),
    ],
    [
      'docs/reference/wheel.md',
      modulesReference('Wheel', 'Functions that manage the master itself; `salt-key` is made of them.', wheel),
    ],
    ...performanceDocs(fileURLToPath(new URL('../', import.meta.url))),
  ]);
}

async function loadBeacons(): Promise<(readonly [string, AnyBeacon])[]> {
  const { names, load } = coreBeacons();
  return Promise.all(names.map(async (name) => [name, (await load(name)) as AnyBeacon] as const));
}

async function loadModules(folder: string): Promise<(readonly [string, AnyModule])[]> {
  const { names, load } = loadFolder<AnyModule>(new URL(folder, import.meta.url));
  return Promise.all(names.map(async (name) => [name, (await load(name)) as AnyModule] as const));
}
