import type { Change, Store, StoreKey } from '../../master/store/store.ts';

/** A store in memory whose commits a test can hold back or let fail. */
export interface MemoryStore extends Store {
  /** From now on writes wait. */
  hold(): void;
  /** The oldest write that waits is committed, or fails. */
  settle(error?: Error): void;
  /** Lets all that waits through, and what comes. */
  release(): void;
  readonly waiting: number;
}

export function createMemoryStore(): MemoryStore {
  const tables = new Map<string, Map<string, { key: StoreKey; value: unknown }>>();
  const held: ((error?: Error) => void)[] = [];
  let isHeld = false;
  const table = (name: string) => tables.get(name) ?? tables.set(name, new Map()).get(name)!;
  const apply = ({ table: name, key, value }: Change): void => {
    const id = JSON.stringify(key);
    if (value === undefined) table(name).delete(id);
    else table(name).set(id, { key, value });
  };
  const store: MemoryStore = {
    *keys(name, options) {
      for (const { key } of store.range(name, options)) yield key;
    },
    get: (name, key) => table(name).get(JSON.stringify(key))?.value,
    *range(name, { prefix = [], after, reverse = false, limit = Number.POSITIVE_INFINITY } = {}) {
      const found = [...table(name).values()]
        .filter(({ key }) => prefix.every((part, index) => key[index] === part))
        .filter(({ key }) => after === undefined || (reverse ? compare(key, after) < 0 : compare(key, after) > 0))
        .sort((a, b) => compare(a.key, b.key));
      if (reverse) found.reverse();
      yield* found.slice(0, limit);
    },
    async write(changes) {
      if (isHeld) {
        await new Promise<void>((resolve, reject) => {
          held.push((error) => (error === undefined ? resolve() : reject(error)));
        });
      }
      for (const change of changes) apply(change);
    },
    close: async () => undefined,
    hold() {
      isHeld = true;
    },
    settle: (error) => held.shift()?.(error),
    release() {
      isHeld = false;
      for (const settle of held.splice(0)) settle();
    },
    get waiting() {
      return held.length;
    },
  };
  return store;
}

/** Part by part, numbers before text, as LMDB has it. */
function compare(a: StoreKey, b: StoreKey): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    if (part === other) continue;
    if (typeof part !== typeof other) return typeof part === 'number' ? -1 : 1;
    return part < other ? -1 : 1;
  }
  return a.length - b.length;
}
