import type { Store } from '../store/store.ts';

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

export function openGrainCache(store: Store): GrainCache {
  const known = new Map<string, StoredGrains>();
  for (const { key, value } of store.range('grains')) known.set(String(key[0]), value as StoredGrains);
  const watchers: ((id: string, grains: Dict | undefined) => void)[] = [];
  const tell = (id: string, grains: Dict | undefined): void => {
    for (const changed of watchers) changed(id, grains);
  };
  return {
    of: (id) => known.get(id)?.grains,
    ids: () => known.keys(),
    hashOf: (id) => known.get(id)?.hash,
    async put(id, hash, grains) {
      const value: StoredGrains = { hash, grains };
      await store.write([{ table: 'grains', key: [id], value }]);
      known.set(id, value);
      tell(id, grains);
    },
    async remove(id) {
      if (!known.delete(id)) return;
      tell(id, undefined);
      await store.write([{ table: 'grains', key: [id], value: undefined }]);
    },
    watch: (changed) => void watchers.push(changed),
  };
}
