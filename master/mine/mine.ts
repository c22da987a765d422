import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import { createPace } from '../../shared/pace.ts';
import { encodePayload } from '../../shared/protocol/codec.ts';
import type { TargetExpression, TargetType } from '../../shared/protocol/fields.ts';
import { matcherOf } from '../../shared/target/target.ts';
import type { Change, Store } from '../store/store.ts';

/** One value that a minion tells of itself. */
export interface MineItem {
  readonly value: unknown;
  readonly allow_tgt?: TargetExpression | undefined;
  readonly allow_tgt_type?: TargetType | undefined;
}

/** As it is stored; times in seconds UTC. */
interface StoredItem extends MineItem {
  /** When the value became what it is. */
  readonly changed_at: number;
  /** When its minion last said so. */
  readonly checked_at: number;
  readonly bytes: number;
}

export interface MineUpdate {
  readonly items: Readonly<Record<string, MineItem>>;
  /** Names whose values are still what they were. */
  readonly unchanged: readonly string[];
  /** Whatever is in neither is forgotten. */
  readonly clear: boolean;
}

/** How old a value is, seconds. */
export interface MineAge {
  readonly checked_s: number;
  readonly changed_s: number;
  readonly bytes: number;
}

/** What minions tell of themselves for others to read (MIN-1 to MIN-5); it outlives their connection. */
export interface Mine {
  /** Resolves, when it is stored, to the names that the master does not have and wants told. Throws LIMIT_EXCEEDED. */
  update(id: string, update: MineUpdate): Promise<readonly string[]>;
  /** Some of a minion's values, or all. */
  remove(id: string, names?: readonly string[]): Promise<void>;
  /** By function, then by minion; what `reader` may not see is not there. Without a reader, all is seen. */
  read(
    names: readonly string[],
    ids: readonly string[],
    reader?: string,
  ): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>>;
  ages(id: string): Readonly<Record<string, MineAge>>;
}

export function createMine(options: {
  readonly store: Store;
  readonly clock: Clock;
  /** All values of one minion together. */
  readonly bytesMax: number;
}): Mine {
  const { store, clock, bytesMax } = options;
  const itemsOf = (id: string): Map<string, StoredItem> =>
    new Map([...store.range('mine', { prefix: [id] })].map(({ key, value }) => [String(key[1]), value as StoredItem]));
  const write = (id: string, name: string, value: StoredItem | undefined): Change => ({
    table: 'mine',
    key: [id, name],
    value,
  });

  return {
    async update(id, { items, unchanged, clear }) {
      const now = nowSeconds(clock);
      const known = itemsOf(id);
      const changes: Change[] = [];
      const after = new Map(clear ? [] : known);
      for (const [name, item] of Object.entries(items)) {
        const bytes = encodePayload({ item }, 'cbor').length;
        after.set(name, { ...item, changed_at: now, checked_at: now, bytes });
        changes.push(write(id, name, after.get(name)));
      }
      for (const name of unchanged) {
        const before = known.get(name);
        if (before === undefined) continue;
        after.set(name, { ...before, checked_at: now });
        changes.push(write(id, name, after.get(name)));
      }
      checkSize(id, after, bytesMax);
      for (const name of known.keys()) if (!after.has(name)) changes.push(write(id, name, undefined));
      await store.write(changes);
      return unchanged.filter((name) => !known.has(name));
    },
    remove: (id, names = [...itemsOf(id).keys()]) => store.write(names.map((name) => write(id, name, undefined))),
    async read(names, ids, reader) {
      const answer: Record<string, Record<string, unknown>> = {};
      const pace = createPace();
      for (const name of names) {
        const found: Record<string, unknown> = {};
        for (const id of ids) {
          const item = store.get('mine', [id, name]) as StoredItem | undefined;
          if (item !== undefined && (await maySee(item, id, reader))) found[id] = item.value;
          await pace();
        }
        answer[name] = found;
      }
      return answer;
    },
    ages(id) {
      const now = nowSeconds(clock);
      return Object.fromEntries(
        [...itemsOf(id)].map(([name, { changed_at, checked_at, bytes }]) => [
          name,
          { checked_s: now - checked_at, changed_s: now - changed_at, bytes },
        ]),
      );
    },
  };
}

async function maySee(item: StoredItem, owner: string, reader: string | undefined): Promise<boolean> {
  if (item.allow_tgt === undefined || reader === undefined || reader === owner) return true;
  return (await matcherOf(item.allow_tgt, item.allow_tgt_type ?? 'glob'))({ id: reader });
}

function checkSize(id: string, items: ReadonlyMap<string, StoredItem>, bytesMax: number): void {
  const bytes = [...items.values()].reduce((sum, item) => sum + item.bytes, 0);
  if (bytes <= bytesMax) return;
  throw new FleetError(
    'LIMIT_EXCEEDED',
    `the mine of ${id} would have ${bytes} bytes, limit ${bytesMax} (mine_bytes)`,
    {
      hint: 'let mine_functions return less, or raise mine_bytes of the master',
    },
  );
}
