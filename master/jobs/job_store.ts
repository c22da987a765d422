import { createPace } from '../../shared/pace.ts';
import type { TargetExpression, TargetType } from '../../shared/protocol/fields.ts';
import type { JobStateName } from '../../shared/protocol/messages/operator.ts';
import type { ReturnPayload } from '../../shared/protocol/messages/return.ts';
import type { Change, Store, StoreKey } from '../store/store.ts';
import { walk, walkKeys } from '../store/walk.ts';
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

/** All of a job but whom it is for: what lists of jobs show, whatever the size of the fleet. */
export interface JobHeader {
  readonly jid: string;
  readonly fun: string;
  readonly arg: readonly unknown[];
  readonly kwarg: Readonly<Record<string, unknown>>;
  readonly tgt: TargetExpression;
  readonly tgt_type: TargetType;
  /** What minions are told instead: a compound target without node groups. */
  readonly words?: readonly string[] | undefined;
  readonly user: string;
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

/** A job as it was asked for: written before anything is sent, never changed. */
export interface JobRecord extends JobHeader {
  /** Whom it is for: the row of each begins as `queued`. */
  readonly minions: readonly string[];
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
  header(jid: string): JobHeader | undefined;
  /** Newest first, in pieces between which other work goes first. */
  headers(): AsyncIterable<JobHeader>;
  /** Jobs that had open rows when this was last written; in pieces. */
  activeJobs(): AsyncIterable<JobRecord>;
  endedRows(jid: string): Map<string, EndedRow>;
  endedRow(jid: string, id: string): EndedRow | undefined;
  hasReturn(jid: string, id: string): boolean;
  returnOf(jid: string, id: string): ReturnPayload | undefined;
  /** By minion; read in pieces. */
  returns(jid: string): Promise<Map<string, ReturnPayload>>;
  /** Minions whose return is there; read in pieces. */
  returnedIds(jid: string): Promise<readonly string[]>;
  lastJid(): string | undefined;
  /** Removes jobs older than `before` (a jid), some at a time; resolves to how many went. */
  removeBefore(before: string, limit: number): Promise<number>;
}

export function createJobStore(store: Store): JobStore {
  const refused = createRefusedRows(store);
  const endedRow = (jid: string, id: string): EndedRow | undefined => {
    const row = store.get('rows', [jid, id]) as EndedRow | undefined;
    return row !== undefined && isTerminal(row.state) ? row : refused.of(jid)?.get(id);
  };
  return {
    addJob(record, ended, event) {
      const open = ended.size < record.minions.length;
      return store.write([
        ...recordChanges(record),
        ...(open ? [{ table: 'active' as const, key: [record.jid], value: true }] : []),
        ...(record.cause === undefined
          ? []
          : [{ table: 'once' as const, key: [record.cause.once], value: record.jid }]),
        ...refused.changes(record.jid, ended),
        ...(event === undefined ? [] : [event]),
      ]);
    },
    addEndedJob(record, id, row, result, event) {
      return store.write([
        ...recordChanges(record),
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
    job: (jid) => readRecord(store, jid),
    jobOnce(once) {
      const jid = store.get('once', [once]);
      return jid === undefined ? undefined : readRecord(store, String(jid));
    },
    header: (jid) => store.get('jobs', [jid]) as StoredJob | undefined,
    ...createJobWalks(store),
    endedRows(jid) {
      const single = [...rowsOf(store, jid)].filter(([, { state }]) => isTerminal(state));
      return new Map([...(refused.of(jid) ?? []), ...single]);
    },
    endedRow,
    hasReturn: (jid, id) => store.get('returns', [jid, id]) !== undefined,
    returnOf: (jid, id) => store.get('returns', [jid, id]) as ReturnPayload | undefined,
    lastJid() {
      for (const [jid] of store.keys('jobs', { reverse: true, limit: 1 })) return String(jid);
      return undefined;
    },
    removeBefore(before, limit) {
      refused.forget();
      return removeBefore(store, before, limit);
    },
  };
}

/** What may be long: read in pieces, so that nobody else waits for it. */
function createJobWalks(store: Store) {
  return {
    async *headers() {
      for await (const jobs of walk(store, 'jobs', { reverse: true })) {
        for (const { value } of jobs) yield value as StoredJob;
      }
    },
    async *activeJobs() {
      const pace = createPace();
      for await (const keys of walkKeys(store, 'active')) {
        for (const [jid] of keys) {
          const record = readRecord(store, String(jid));
          if (record !== undefined) yield record;
          await pace();
        }
      }
    },
    async returns(jid: string) {
      const found = new Map<string, ReturnPayload>();
      for await (const returns of walk(store, 'returns', { prefix: [jid] })) {
        for (const { key, value } of returns) found.set(String(key[1]), value as ReturnPayload);
      }
      return found;
    },
    async returnedIds(jid: string) {
      const found: string[] = [];
      for await (const keys of walkKeys(store, 'returns', { prefix: [jid] })) {
        for (const key of keys) found.push(String(key[1]));
      }
      return found;
    },
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

/** Those that have a row of their own. */
function rowsOf(store: Store, jid: string): Map<string, EndedRow> {
  const found = new Map<string, EndedRow>();
  for (const { key, value } of store.range('rows', { prefix: [jid] })) {
    const [, id] = key;
    if (id !== undefined) found.set(String(id), value as EndedRow);
  }
  return found;
}

/**
 * The parts of a job that were over when it was made are one value, under the jid alone: a job of ten thousand minions that
 * are offline is a few changes and not ten thousand. Whoever asks for one part asks for others too: the last are kept.
 */
function createRefusedRows(store: Store) {
  let last: { readonly jid: string; readonly rows: ReadonlyMap<string, EndedRow> } | undefined;
  return {
    changes(jid: string, ended: ReadonlyMap<string, EndedRow>): Change[] {
      if (ended.size === 0) return [];
      const rows = [...ended].map(([id, { state, since, reason }]) => [id, state, since, reason ?? null]);
      return [{ table: 'rows', key: [jid], value: rows }];
    },
    of(jid: string): ReadonlyMap<string, EndedRow> | undefined {
      if (last?.jid === jid) return last.rows;
      const stored = store.get('rows', [jid]) as readonly StoredRow[] | undefined;
      if (stored === undefined) return undefined;
      last = { jid, rows: readRefused(stored) };
      return last.rows;
    },
    forget(): void {
      last = undefined;
    },
  };
}

type StoredRow = readonly [id: string, state: JobStateName, since: number, reason: string | null];

function readRefused(rows: readonly StoredRow[]): ReadonlyMap<string, EndedRow> {
  return new Map(rows.map(([id, state, since, reason]) => [id, { state, since, ...(reason !== null && { reason }) }]));
}

/** A list of more ids than this is no member of its job but stands beside it, so that to list jobs does not decode it. */
const LISTED_WITHIN_MAX = 32;

type StoredJob = JobHeader & Partial<Pick<JobRecord, 'minions'>>;

function recordChanges(record: JobRecord): Change[] {
  const { minions, ...header } = record;
  const key = [record.jid];
  if (minions.length <= LISTED_WITHIN_MAX) return [{ table: 'jobs', key, value: record }];
  return [
    { table: 'jobs', key, value: header satisfies StoredJob },
    { table: 'job_minions', key, value: minions },
  ];
}

function readRecord(store: Store, jid: string): JobRecord | undefined {
  const stored = store.get('jobs', [jid]) as StoredJob | undefined;
  if (stored === undefined) return undefined;
  const { minions = store.get('job_minions', [jid]) as readonly string[] } = stored;
  return { ...stored, minions };
}

/** Keys of one commit: a job may be for ten thousand minions. */
const REMOVED_AT_A_TIME = 512;

async function removeBefore(store: Store, before: string, limit: number): Promise<number> {
  const old = await oldJobs(store, before, limit);
  let changes: Change[] = [];
  for (const { jid, cause } of old) {
    // What is interrupted here goes on the next time: the job itself goes last.
    await removePieces(store, [jid]);
    for (const table of ['rows', 'returns'] as const) {
      for await (const keys of walkKeys(store, table, { prefix: [jid] })) {
        for (const key of keys) changes.push({ table, key, value: undefined });
        if (changes.length < REMOVED_AT_A_TIME) continue;
        await store.write(changes.slice(0, REMOVED_AT_A_TIME));
        changes = changes.slice(REMOVED_AT_A_TIME);
      }
    }
    changes.push({ table: 'job_minions', key: [jid], value: undefined });
    changes.push({ table: 'jobs', key: [jid], value: undefined });
    if (cause !== undefined) changes.push({ table: 'once', key: [cause.once], value: undefined });
  }
  while (changes.length > 0) await store.write(changes.splice(0, REMOVED_AT_A_TIME));
  return old.length;
}

/** Oldest first; what has open parts stays. */
async function oldJobs(store: Store, before: string, limit: number): Promise<readonly JobHeader[]> {
  const old: JobHeader[] = [];
  for await (const jobs of walk(store, 'jobs')) {
    for (const { value } of jobs) {
      const header = value as StoredJob;
      if (header.jid >= before || old.length >= limit) return old;
      if (store.get('active', [header.jid]) === undefined) old.push(header);
    }
  }
  return old;
}
