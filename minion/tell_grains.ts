import { createHash } from 'node:crypto';
import { errorLine } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { Grains, MasterRequests } from './context.ts';

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
  let isWanted = false;
  let isTelling = false;
  const tellOnce = async (): Promise<void> => {
    const all = grains.all();
    const hash = createHash('sha256').update(JSON.stringify(all)).digest('base64');
    const { wanted } = (await master.ask('grains', { hash })) as { readonly wanted: boolean };
    if (wanted) await master.ask('grains', { hash, grains: all });
  };
  const tellWhileWanted = async (): Promise<void> => {
    isTelling = true;
    while (isWanted) {
      isWanted = false;
      try {
        await tellOnce();
      } catch (error) {
        log.warning('the master does not know the grains of this minion', { reason: errorLine(error) });
      }
    }
    isTelling = false;
  };
  return {
    tell() {
      isWanted = true;
      if (!isTelling) void tellWhileWanted();
    },
  };
}

/** The same grains; whatever may change them says so. */
export function toldGrains(grains: Grains, changed: () => void): Grains {
  return {
    all: grains.all,
    readCustom: grains.readCustom,
    async refresh() {
      await grains.refresh();
      changed();
    },
    async updateCustom(change) {
      await grains.updateCustom(change);
      changed();
    },
  };
}
