import type { SeenEvent } from '../../shared/reactor/render_reactor_file.ts';
import type { Change, Store } from '../store/store.ts';

/** An event that is reacted to. */
export interface ReactedEvent extends SeenEvent {
  readonly cursor: number;
  /** How many reactions led to it, one through the other. */
  readonly depth: number;
  /** 0, or the how manieth replay of a dead letter this is. */
  readonly attempt: number;
}

/** What became of one reaction. */
export interface ReactionRecord {
  /** Of the event. */
  readonly cursor: number;
  readonly tag: string;
  /** The reactor file, or the name of the typed reactor. */
  readonly file: string;
  readonly id: string;
  /** What it called: `local.state.apply`. */
  readonly call: string;
  /** `succeeded` means of `local` that the job was published: nobody waits for it. */
  readonly state: 'started' | 'succeeded' | 'failed' | 'interrupted';
  readonly jid?: string | undefined;
  /** Of a typed reactor: all that it called. */
  readonly did?: readonly string[] | undefined;
  readonly reason?: string | undefined;
  /** Seconds UTC. */
  readonly at: number;
}

/** A reaction that failed, with what is needed to try again. */
export interface DeadLetter extends ReactionRecord {
  readonly event: ReactedEvent;
}

export interface ReactionStore {
  find(cursor: number, key: string): ReactionRecord | undefined;
  /** Keeps what became of a reaction; failed ones with the event, as dead letters. */
  put(key: string, record: ReactionRecord, event: ReactedEvent): Promise<void>;
  /** Reactions that had begun and whose end nobody knows. */
  unfinished(): { readonly key: string; readonly record: ReactionRecord }[];
  /** Newest events first. */
  history(limit: number): ReactionRecord[];
  /** The oldest records above the limit go, of events before `cursor`. */
  trim(cursor: number): Promise<void>;
  deadLetters(): { readonly name: string; readonly letter: DeadLetter }[];
  deadLetter(name: string): DeadLetter | undefined;
  deadCount(): number;
  removeDeadLetter(name: string): Promise<void>;
  /** Rules that were added (their setting) and deleted (null) at runtime, by tag. */
  rules(): ReadonlyMap<string, unknown>;
  putRule(tag: string, setting: unknown): Promise<void>;
  isLeader(): boolean;
  setLeader(value: boolean): Promise<void>;
}

/** Records removed at a time. */
const TRIM_BATCH = 500;
const DEAD_LETTERS_MAX = 1000;

export function createReactionStore(store: Store, keepMax: number): ReactionStore {
  let kept = countOf(store, 'reactions');
  let dead = countOf(store, 'dead_letters');
  const find: ReactionStore['find'] = (cursor, key) =>
    store.get('reactions', [cursor, key]) as ReactionRecord | undefined;
  const deadLetter: ReactionStore['deadLetter'] = (name) =>
    store.get('dead_letters', nameKey(name)) as DeadLetter | undefined;
  /** The oldest make room: a list that nobody reads must not fill the disk. */
  const letterChanges = (name: string, letter: DeadLetter): Change[] => {
    const changes: Change[] = [{ table: 'dead_letters', key: nameKey(name), value: letter }];
    if (deadLetter(name) !== undefined) return changes;
    if (dead < DEAD_LETTERS_MAX) dead++;
    else
      for (const { key } of store.range('dead_letters', { limit: 1 }))
        changes.push({ table: 'dead_letters', key, value: undefined });
    return changes;
  };
  return {
    find,
    async put(key, record, event) {
      if (find(record.cursor, key) === undefined) kept++;
      const isDead = record.state === 'failed' || record.state === 'interrupted';
      await store.write([
        { table: 'reactions', key: [record.cursor, key], value: record },
        ...(isDead ? letterChanges(letterName(record.cursor, key), { ...record, event }) : []),
      ]);
    },
    unfinished() {
      const all = [...store.range('reactions')].map(({ key, value }) => ({
        key: String(key[1]),
        record: value as ReactionRecord,
      }));
      return all.filter(({ record }) => record.state === 'started');
    },
    history: (limit) =>
      [...store.range('reactions', { reverse: true, limit })].map(({ value }) => value as ReactionRecord),
    async trim(cursor) {
      if (kept <= keepMax) return;
      const limit = Math.min(kept - keepMax, TRIM_BATCH);
      const old = [...store.range('reactions', { limit })].filter(({ key, value }) => {
        return Number(key[0]) < cursor && (value as ReactionRecord).state !== 'started';
      });
      if (old.length === 0) return;
      await store.write(old.map(({ key }) => ({ table: 'reactions', key, value: undefined })));
      kept -= old.length;
    },
    deadLetters: () =>
      [...store.range('dead_letters')].map(({ key, value }) => ({ name: key.join('.'), letter: value as DeadLetter })),
    deadLetter,
    deadCount: () => dead,
    async removeDeadLetter(name) {
      if (deadLetter(name) === undefined) return;
      dead--;
      await store.write([{ table: 'dead_letters', key: nameKey(name), value: undefined }]);
    },
    rules: () =>
      new Map([...store.range('reactor', { prefix: ['rule'] })].map(({ key, value }) => [String(key[1]), value])),
    putRule: (tag, setting) => store.write([{ table: 'reactor', key: ['rule', tag], value: setting }]),
    isLeader: () => store.get('reactor', ['leader']) !== false,
    setLeader: (value) => store.write([{ table: 'reactor', key: ['leader'], value }]),
  };
}

function letterName(cursor: number, key: string): string {
  return `${cursor}.${key}`;
}

function nameKey(name: string): (string | number)[] {
  const dot = name.indexOf('.');
  return [Number(name.slice(0, dot)), name.slice(dot + 1)];
}

function countOf(store: Store, table: 'reactions' | 'dead_letters'): number {
  let count = 0;
  for (const _ of store.range(table)) count++;
  return count;
}
