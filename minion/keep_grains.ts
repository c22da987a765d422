import { join } from 'node:path';
import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/log.ts';
import type { MinionConfig } from './config.ts';
import type { Grains, MasterRequests } from './context.ts';
import { createGrainTeller, type GrainTeller } from './tell_grains.ts';
import { watchGrainFiles } from './watch_grain_files.ts';

/** How long the programs that grains are asked of wait for a connection: at the start, a small machine has enough to do. */
const COMPLETE_AFTER_MS = 5000;

export interface GrainKeeper extends GrainTeller {
  stop(): void;
}

/**
 * Collects the grains anew when a file of theirs changed, and every `grains_refresh_every` minutes, and tells the
 * master; once more when those are there that took long.
 */
export function keepGrains(options: {
  readonly config: Pick<MinionConfig, 'config_dir' | 'grains_dirs' | 'grains_refresh_every'>;
  /** Whoever collects them has the keeper tell them. */
  readonly grains: Pick<Grains, 'all' | 'complete' | 'refresh'>;
  readonly master: MasterRequests;
  readonly clock: Clock;
  readonly log: Logger;
}): GrainKeeper {
  const { config, grains, clock } = options;
  const refresh = (): void => void grains.refresh();
  const files = { file: join(config.config_dir, 'grains'), folders: config.grains_dirs };
  const watched = watchGrainFiles(files, refresh, options);
  const refreshMs = config.grains_refresh_every * 60_000;
  const timer = refreshMs > 0 ? clock.every(refreshMs, refresh) : undefined;
  const teller = createGrainTeller(options);
  let isTold = false;
  let isCompleting = false;
  const complete = (): void => {
    if (isCompleting) return;
    isCompleting = true;
    void grains.complete().then(() => {
      if (isTold) teller.tell();
    });
  };
  const late = clock.after(COMPLETE_AFTER_MS, complete);
  return {
    tell() {
      isTold = true;
      teller.tell();
      complete();
    },
    stop() {
      late.stop();
      watched.stop();
      timer?.stop();
    },
  };
}
