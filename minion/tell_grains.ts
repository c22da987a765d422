import type { Clock } from '../shared/clock.ts';
import { errorLine } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { Grains, MasterRequests } from './context.ts';
import { runWhileWanted } from './lib/run_while_wanted.ts';
import { valueHash } from './lib/value_hash.ts';

/** Keeps the master's copy of the grains what they are. */
export interface GrainTeller {
  /** The master is there, or the grains may have changed. */
  tell(): void;
  /** Nothing is collected any more. */
  stop(): void;
}

/**
 * Their hash goes ahead: the grains themselves only when the master has others. Every `refreshMs` they are collected anew;
 * 0 for never. Who collects them has to tell it.
 */
export function createGrainTeller(options: {
  readonly grains: Pick<Grains, 'all' | 'refresh'>;
  readonly master: MasterRequests;
  readonly clock: Clock;
  readonly refreshMs: number;
  readonly log: Logger;
}): GrainTeller {
  const { grains, master, clock, refreshMs, log } = options;
  const tell = runWhileWanted(async () => {
    const all = grains.all();
    const hash = valueHash(all);
    try {
      const { wanted } = (await master.ask('grains', { hash })) as { readonly wanted: boolean };
      if (wanted) await master.ask('grains', { hash, grains: all });
    } catch (error) {
      log.warning('the master does not know the grains of this minion', { reason: errorLine(error) });
    }
  });
  const timer = refreshMs > 0 ? clock.every(refreshMs, () => void grains.refresh()) : undefined;
  return { tell, stop: () => timer?.stop() };
}

/** The same grains; whatever may change them says so. */
export function toldGrains(grains: Grains, changed: () => void): Grains {
  return {
    all: grains.all,
    readCustom: grains.readCustom,
    broken: grains.broken,
    async refresh() {
      const files = await grains.refresh();
      changed();
      return files;
    },
    async updateCustom(change) {
      await grains.updateCustom(change);
      changed();
    },
  };
}
