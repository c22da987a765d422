import type { TargetExpression, TargetType } from '../../shared/protocol/fields.ts';
import type { JobStateName } from '../../shared/protocol/messages/operator.ts';
import type { ReturnPayload } from '../../shared/protocol/messages/return.ts';
import type { Change, Store, StoreKey } from '../store/store.ts';
import type { BatchPlan } from './batch.ts';
import { isTerminal } from './job_state.ts';

/** Pieces of large returns have 240 KiB each. */
const PIECES_REMOVED_AT_A_TIME = 64;

/** Why a job was published, when no operator asked for it. */
export interface JobCause {
  /** There is one job of this name, however often it is asked for: also when the master was killed in between. */
  readonly once: string;
  /** How many reactions led to it, one through the other. */
  readonly depth: number;
}

/** A job as it was asked for: written before anything is sent, never changed. */
export interface JobRecord {
  readonly jid: string;
  readonly fun: string;
  readonly arg: readonly unknown[];
  readonly kwarg: Readonly<Record<string, unknown>>;
  readonly tgt: TargetExpression;
  readonly tgt_type: TargetType;
  /** What minions are told instead: a compound target without node groups. */
  readonly words?: readonly string[] | undefined;
  readonly user: string;
  /** Whom it is for: the row of each begins as `queued`. */
  readonly minions: readonly string[];
  /** Seconds UTC; a job that did not start by then never will. */
  readonly exp: number;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: JobCause | undefined;
  /** Salt's `--return` and its companions, for the minions (JOB-2). */
  readonly ret?: string | undefined;
  readonly ret_config?: string | undefined;
  readonly ret_kwargs?: Readonly<Record<string, unknown>> | undefined;
  /** It is kept for minions that are offline. */
  readonly queues_offline?: boolean | undefined;
  /** Milliseconds that the function may run; left out: job_timeout. */
  readonly timeout_ms?: number | undefined;
  /** A minion gave it to itself, under this id, by this item of its schedule. */
  readonly own_jid?: string | undefined;
  readonly schedule?: string | undefined;
  /** Handed out little by little: a part may start within `start_s` seconds after its turn came. */
  readonly batch?: (BatchPlan & { readonly start_s: number }) | undefined;
}

/** How one minion's part ended. Rows that are still open live in memory; after a restart they begin again as queued. */
export interface EndedRow {
  readonly state: JobStateName;
  /** Seconds UTC. */
  readonly since: number;
  readonly reason?: string | undefined;
  /** Of a row that is open: an operator wants it stopped, and the minion may have it. */
  readonly cancelled?: true | undefined;
}

/** The store, in the words of jobs. */
export interface JobStore {
  /** `event` tells of it, and is stored with it. */
  addJob(record: JobRecord, ended: ReadonlyMap<string, EndedRow>, event?: Change): Promise<void>;
  /** A job of one minion that is over already; `event` tells of it, and is stored with it. */
  addEndedJob(record: JobRecord, id: string, row: EndedRow, result: ReturnPayload, event: Change): Promise<void>;
  /** One part is over; `last` says that with it the whole job is. `event` tells of it, and is stored with it. */
  endRow(
    jid: string,
    id: string,
    row: EndedRow,
    result: ReturnPayload | undefined,
    last: boolean,
    event?: Change,
  ): Promise<void>;
  /** All parts are over, and none of them said that it was the last. */
  closeJob(jid: string): Promise<void>;
  /** The turn of these parts of a batch has come. */
  markReleased(jid: string, ids: readonly string[], since: number): Promise<void>;
  /** The minions that may have these parts are to stop them. */
  markCancelled(jid: string, ids: readonly string[], since: number): Promise<void>;
  /** Parts that are to be stopped and are not over. */
  cancelledIds(jid: string): readonly string[];
  /** Parts of a batch whose turn has come and that are not over. */
  releasedIds(jid: string): readonly string[];
  /** A return that came after its part was over. */
  addReturn(jid: string, id: string, result: ReturnPayload, event?: Change): Promise<void>;
  /** A piece of a value that is not whole yet, or that is kept in pieces; the same number replaces it. */
  addPart(jid: string, id: string, n: number, bytes: Uint8Array): Promise<void>;
  part(jid: string, id: string, n: number): Uint8Array | undefined;
  /** Numbers of the pieces that are there. */
  partNumbers(jid: string, id: string): readonly number[];
  /** Jobs and minions of which there are pieces. */
  partOwners(): Iterable<readonly [jid: string, id: string]>;
  removeParts(jid: string, id: string): Promise<void>;
  job(jid: string): JobRecord | undefined;
  /** The job of that name: see JobCause. */
  jobOnce(once: string): JobRecord | undefined;
  /** Newest first. */
  jobs(limit?: number): Iterable<JobRecord>;
  /** Jobs that had open rows when this was last written. */
  activeJobs(): Iterable<JobRecord>;
  endedRows(jid: string): Map<string, EndedRow>;
  endedRow(jid: string, id: string): EndedRow | undefined;
  hasReturn(jid: string, id: string): boolean;
  returnOf(jid: string, id: string): ReturnPayload | undefined;
  returns(jid: string): Map<string, ReturnPayload>;
  lastJid(): string | undefined;
  /** Removes jobs older than `before` (a jid), some at a time; resolves to how many went. */
  removeBefore(before: string, limit: number): Promise<number>;
}

export function createJobStore(store: Store): JobStore {
  return {
    addJob(record, ended, event) {
      const rows = [...ended].map(([id, row]) => ({ table: 'rows' as const, key: [record.jid, id], value: row }));
      const open = ended.size < record.minions.length;
      return store.write([
        { table: 'jobs', key: [record.jid], value: record },
        ...(open ? [{ table: 'active' as const, key: [record.jid], value: true }] : []),
        ...(record.cause === undefined
          ? []
          : [{ table: 'once' as const, key: [record.cause.once], value: record.jid }]),
        ...rows,
        ...(event === undefined ? [] : [event]),
      ]);
    },
    addEndedJob(record, id, row, result, event) {
      return store.write([
        { table: 'jobs', key: [record.jid], value: record },
        { table: 'rows', key: [record.jid, id], value: row },
        { table: 'returns', key: [record.jid, id], value: result },
        event,
      ]);
    },
    endRow(jid, id, row, result, last, event) {
      return store.write([
        { table: 'rows', key: [jid, id], value: row },
        ...(result === undefined ? [] : [{ table: 'returns' as const, key: [jid, id], value: result }]),
        ...(last ? [{ table: 'active' as const, key: [jid], value: undefined }] : []),
        ...(event === undefined ? [] : [event]),
      ]);
    },
    closeJob: (jid) => store.write([{ table: 'active', key: [jid], value: undefined }]),
    markReleased: (jid, ids, since) =>
      store.write(
        ids.map((id) => ({ table: 'rows', key: [jid, id], value: { state: 'sent', since } satisfies EndedRow })),
      ),
    markCancelled: (jid, ids, since) =>
      store.write(
        ids.map((id) => ({
          table: 'rows',
          key: [jid, id],
          value: { state: 'sent', since, cancelled: true } satisfies EndedRow,
        })),
      ),
    cancelledIds: (jid) => [...rowsOf(store, jid)].filter(([, row]) => isOpenAndCancelled(row)).map(([id]) => id),
    releasedIds: (jid) => [...rowsOf(store, jid)].filter(([, { state }]) => !isTerminal(state)).map(([id]) => id),
    addReturn: (jid, id, result, event) =>
      store.write([{ table: 'returns', key: [jid, id], value: result }, ...(event === undefined ? [] : [event])]),
    ...createPartStore(store),
    job: (jid) => store.get('jobs', [jid]) as JobRecord | undefined,
    jobOnce(once) {
      const jid = store.get('once', [once]);
      return jid === undefined ? undefined : (store.get('jobs', [String(jid)]) as JobRecord | undefined);
    },
    *jobs(limit) {
      for (const { value } of store.range('jobs', { reverse: true, ...(limit !== undefined && { limit }) })) {
        yield value as JobRecord;
      }
    },
    *activeJobs() {
      for (const { key } of store.range('active')) {
        const record = store.get('jobs', key);
        if (record !== undefined) yield record as JobRecord;
      }
    },
    endedRows: (jid) => new Map([...rowsOf(store, jid)].filter(([, { state }]) => isTerminal(state))),
    endedRow(jid, id) {
      const row = store.get('rows', [jid, id]) as EndedRow | undefined;
      return row !== undefined && isTerminal(row.state) ? row : undefined;
    },
    hasReturn: (jid, id) => store.get('returns', [jid, id]) !== undefined,
    returnOf: (jid, id) => store.get('returns', [jid, id]) as ReturnPayload | undefined,
    returns: (jid) => collect<ReturnPayload>(store, 'returns', jid),
    lastJid() {
      for (const { key } of store.range('jobs', { reverse: true, limit: 1 })) return String(key[0]);
      return undefined;
    },
    removeBefore: (before, limit) => removeBefore(store, before, limit),
  };
}

function createPartStore(store: Store) {
  return {
    addPart: (jid: string, id: string, n: number, value: Uint8Array) =>
      store.write([{ table: 'parts', key: [jid, id, n], value }]),
    part: (jid: string, id: string, n: number) => store.get('parts', [jid, id, n]) as Uint8Array | undefined,
    partNumbers: (jid: string, id: string) =>
      [...store.keys('parts', { prefix: [jid, id] })].map((key) => Number(key[2])),
    *partOwners() {
      let last = '';
      for (const [jid = '', id = ''] of store.keys('parts')) {
        if (`${jid}/${id}` === last) continue;
        last = `${jid}/${id}`;
        yield [String(jid), String(id)] as const;
      }
    },
    removeParts: (jid: string, id: string) => removePieces(store, [jid, id]),
  };
}

/** Not all at once: they may be gigabytes, and whoever writes meanwhile waits for that batch. */
async function removePieces(store: Store, prefix: StoreKey): Promise<void> {
  for (;;) {
    const keys = [...store.keys('parts', { prefix, limit: PIECES_REMOVED_AT_A_TIME })];
    if (keys.length === 0) return;
    await store.write(keys.map((key) => ({ table: 'parts', key, value: undefined })));
  }
}

function isOpenAndCancelled({ state, cancelled }: EndedRow): boolean {
  return cancelled === true && !isTerminal(state);
}

function rowsOf(store: Store, jid: string): Map<string, EndedRow> {
  return collect<EndedRow>(store, 'rows', jid);
}

function collect<V>(store: Store, table: 'rows' | 'returns', jid: string): Map<string, V> {
  const found = new Map<string, V>();
  for (const { key, value } of store.range(table, { prefix: [jid] })) found.set(String(key[1]), value as V);
  return found;
}

/** Keys of one commit: a job may be for ten thousand minions. */
const REMOVED_AT_A_TIME = 512;

async function removeBefore(store: Store, before: string, limit: number): Promise<number> {
  const old: JobRecord[] = [];
  for (const { key, value } of store.range('jobs')) {
    const jid = String(key[0]);
    if (jid >= before || old.length >= limit) break;
    if (store.get('active', [jid]) === undefined) old.push(value as JobRecord);
  }
  let changes: Change[] = [];
  for (const { jid, cause } of old) {
    // What is interrupted here goes on the next time: the job itself goes last.
    await removePieces(store, [jid]);
    for (const table of ['rows', 'returns'] as const) {
      for (const key of store.keys(table, { prefix: [jid] })) changes.push({ table, key, value: undefined });
    }
    changes.push({ table: 'jobs', key: [jid], value: undefined });
    if (cause !== undefined) changes.push({ table: 'once', key: [cause.once], value: undefined });
    while (changes.length >= REMOVED_AT_A_TIME) {
      await store.write(changes.slice(0, REMOVED_AT_A_TIME));
      changes = changes.slice(REMOVED_AT_A_TIME);
    }
  }
  if (changes.length > 0) await store.write(changes);
  return old.length;
}
