import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { loadFolder, type PluginFolder, programFolder } from './load_folder.ts';
import { createReturnerOpener, type ReturnerConfig } from './open_returner.ts';
import type { AnyReturner } from './returner.ts';
import type { ReturnerStatus } from './returner_lane.ts';
import { openReturnerQueue, type ReturnerQueue } from './returner_queue.ts';

/** The returners that come with Brine. */
export function coreReturners(): PluginFolder<AnyReturner> {
  return loadFolder<AnyReturner>(programFolder('shared/returners'));
}

/** The returners of one process, master or minion, with their queue in its cache directory. */
export function openReturners(options: {
  readonly id: string;
  readonly returners: PluginFolder<AnyReturner>;
  readonly config: ReturnerConfig & {
    readonly root_dir: string;
    readonly cachedir: string;
    readonly max_returner_queue_bytes: number;
    readonly return_keep_for: number;
  };
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Hears of each returner that begins to fail and that works again. */
  readonly told: (status: ReturnerStatus) => void;
}): Promise<ReturnerQueue> {
  const { id, returners, config, clock, random, log, told } = options;
  return openReturnerQueue({
    folder: join(config.cachedir, 'returners'),
    open: createReturnerOpener({
      folder: returners,
      config,
      deps: { id, root: config.root_dir, clock, log },
    }),
    clock,
    random,
    log,
    told,
    bytesMax: config.max_returner_queue_bytes,
    ageMaxMs: config.return_keep_for * 1000,
  });
}
