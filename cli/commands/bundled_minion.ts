import { isMainThread } from 'node:worker_threads';
import type { AnyBeacon } from '../../minion/beacon.ts';
import type { MinionContext } from '../../minion/context.ts';
import type { GrainSpec } from '../../minion/grains.ts';
import type { ModuleSpec } from '../../shared/plugin/function.ts';
import { lazyFolder, type PluginImports } from '../../shared/plugin/lazy_folder.ts';
import type { AnyReturner } from '../../shared/plugin/returner.ts';
import { renderWorkerIn } from '../../shared/reactor/render_thread.ts';
import { runCommand } from '../exit.ts';
import { runSaltMinion } from '../salt_minion.ts';

/** What scripts/bundle_minion.mjs lists. */
export interface BundledPlugins {
  readonly modules: PluginImports<ModuleSpec<MinionContext>>;
  readonly grains: PluginImports<GrainSpec>;
  readonly beacons: PluginImports<AnyBeacon>;
  readonly returners: PluginImports<AnyReturner>;
  readonly renderWorker: () => Promise<unknown>;
}

/**
 * The process of `salt-minion` in one file, and each thread that renders: both are started with that file. `keepCode`
 * is there when what V8 compiles at the start is to be kept for the next.
 */
export async function main(file: URL, plugins: BundledPlugins, keepCode?: () => Promise<void>): Promise<void> {
  if (!isMainThread) {
    await plugins.renderWorker();
    return;
  }
  await runCommand('salt-minion', () =>
    runSaltMinion(process.argv.slice(2), {
      modules: lazyFolder(plugins.modules),
      grains: lazyFolder(plugins.grains),
      beacons: lazyFolder(plugins.beacons),
      returners: lazyFolder(plugins.returners),
      openRenderThread: renderWorkerIn(file),
      keepCode,
    }),
  );
}
