import { errorLine } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { Grains, MasterRequests } from './context.ts';
import { runWhileWanted } from './lib/run_while_wanted.ts';
import { valueHash } from './lib/value_hash.ts';

/** Keeps the master's copy of the grains what they are. */
export interface GrainTeller {
  /** The master is there, or the grains may have changed. */
  tell(): void;
}

/** Their hash goes ahead: the grains themselves only when the master has others. */
export function createGrainTeller(options: {
  readonly grains: Pick<Grains, 'all'>;
  readonly master: MasterRequests;
  readonly log: Logger;
}): GrainTeller {
  const { grains, master, log } = options;
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
  return { tell };
}

/** The same grains; whatever may change them says so. */
export function toldGrains(grains: Grains, changed: () => void): Grains {
  return {
    all: grains.all,
    complete: grains.complete,
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
