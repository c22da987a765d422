import type { Store } from '../store/store.ts';
import { walk } from '../store/walk.ts';

type Dict = Readonly<Record<string, unknown>>;

/** What the master knows of the grains of its minions: the last that each told, also of those that are not there. */
export interface GrainCache {
  of(id: string): Dict | undefined;
  /** Of all that told theirs. */
  ids(): Iterable<string>;
  /** Of the grains as the minion told them. */
  hashOf(id: string): string | undefined;
  /** Resolves when it is stored. */
  put(id: string, hash: string, grains: Dict): Promise<void>;
  remove(id: string): Promise<void>;
  /** Hears of each minion whose grains changed or went. */
  watch(changed: (id: string, grains: Dict | undefined) => void): void;
}

interface StoredGrains {
  readonly hash: string;
  readonly grains: Dict;
}

/** Of all minions at once, but read with other work in between. */
export async function openGrainCache(store: Store): Promise<GrainCache> {
  const known = new Map<string, StoredGrains>();
  for await (const grains of walk(store, 'grains')) {
    for (const { key, value } of grains) known.set(String(key[0]), value as StoredGrains);
  }
  return createGrainCache(store, known);
}

/** Over what the store has. */
export function createGrainCache(store: Store, known = new Map<string, StoredGrains>()): GrainCache {
  const watchers: ((id: string, grains: Dict | undefined) => void)[] = [];
  const tell = (id: string, grains: Dict | undefined): void => {
    for (const changed of watchers) changed(id, grains);
  };
  const restore = (id: string, before: StoredGrains | undefined): void => {
    if (before === undefined) known.delete(id);
    else known.set(id, before);
  };
  return {
    of: (id) => known.get(id)?.grains,
    ids: () => known.keys(),
    hashOf: (id) => known.get(id)?.hash,
    async put(id, hash, grains) {
      const value: StoredGrains = { hash, grains };
      const before = known.get(id);
      // Before they are stored: who removes them meanwhile has to find them.
      known.set(id, value);
      try {
        await store.write([{ table: 'grains', key: [id], value }]);
      } catch (error) {
        if (known.get(id) === value) restore(id, before);
        throw error;
      }
      if (known.get(id) === value) tell(id, grains);
    },
    async remove(id) {
      if (!known.delete(id)) return;
      tell(id, undefined);
      await store.write([{ table: 'grains', key: [id], value: undefined }]);
    },
    watch: (changed) => void watchers.push(changed),
  };
}
