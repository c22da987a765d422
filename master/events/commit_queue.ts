import type { Clock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Change, Store } from '../store/store.ts';

/** Bytes of events that wait for the disk, at most; beyond it they are lost, and counted. */
const WAITING_BYTES_MAX = 64 * 1024 ** 2;
/** Between two lines about events that cannot be stored. */
const COMPLAIN_MS = 10_000;

export interface Entry {
  /** Bytes. */
  readonly size: number;
  /** As the store keeps it. */
  readonly value: unknown;
}

/** An event that goes into the log with another change of the store, all or nothing. */
export interface HeldEntry {
  /** To be written at once, with the change it belongs to. */
  readonly change: Change;
  settle(isStored: boolean): void;
}

export interface CommitQueue {
  /** Goes out with all others of this turn of the event loop, who share the promise. */
  add(entry: Entry): { readonly cursor: number; readonly stored: Promise<void> };
  hold(entry: Entry): HeldEntry;
  /** The cursor that was given out last. */
  newest(): number;
  /** The newest cursor that is committed. */
  last(): number;
  /** Events that could not be stored since the start. */
  lost(): number;
  /** Called after each commit, once for those that end together; the answer stops it. */
  onCommit(listener: () => void): () => void;
  flush(): Promise<void>;
}

/** The events of one turn, or one that belongs to another change: committed together. */
interface Batch {
  last: number;
  bytes: number;
  state: 'open' | 'stored' | 'lost';
}

type Gathering = Batch & { readonly changes: Change[]; readonly outcome: Outcome };

/**
 * Gives out cursors and commits in their order: the store commits writes in the order of the calls, so what was gathered
 * goes out before anything that is held. `last` moves only over what is settled: a reader never passes an event that
 * is still on its way.
 */
export function createCommitQueue(
  { store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Logger },
  newest: number,
): CommitQueue {
  let given = newest;
  let waitingBytes = 0;
  let gathering: Gathering | undefined;
  const order = createOrder(newest);
  const failures = createFailureCount(clock, log);

  const grow = (batch: Batch, { size, value }: Entry): Change => {
    batch.last = ++given;
    batch.bytes += size;
    waitingBytes += size;
    return { table: 'events', key: [given], value };
  };
  const settle = (batch: Batch, state: 'stored' | 'lost'): void => {
    waitingBytes -= batch.bytes;
    order.settle(batch, state);
  };
  const write = (batch: Gathering): void => {
    if (batch !== gathering) return;
    gathering = undefined;
    store.write(batch.changes).then(
      () => {
        failures.clear();
        settle(batch, 'stored');
        batch.outcome.resolve();
      },
      (error: unknown) => {
        failures.add(batch.changes.length, error);
        settle(batch, 'lost');
        batch.outcome.reject(error);
      },
    );
  };
  const gather = (): Gathering => {
    const batch = Object.assign(order.begin(), { changes: [], outcome: createOutcome() });
    setImmediate(write, batch);
    return batch;
  };

  return {
    newest: () => given,
    last: order.last,
    lost: failures.count,
    onCommit: order.onCommit,
    add(entry) {
      if (waitingBytes > WAITING_BYTES_MAX) {
        const outcome = createOutcome();
        const error = new FleetError('LIMIT_EXCEEDED', `${waitingBytes} bytes of events wait for the disk`);
        failures.add(1, error);
        outcome.reject(error);
        return { cursor: ++given, stored: outcome.promise };
      }
      gathering ??= gather();
      gathering.changes.push(grow(gathering, entry));
      return { cursor: given, stored: gathering.outcome.promise };
    },
    hold(entry) {
      if (gathering !== undefined) write(gathering);
      const batch = order.begin();
      return { change: grow(batch, entry), settle: (isStored) => settle(batch, isStored ? 'stored' : 'lost') };
    },
    async flush() {
      if (gathering !== undefined) write(gathering);
      await order.settled();
    },
  };
}

/** Batches in the order of their cursors, and how far they are settled. */
function createOrder(newest: number) {
  let last = newest;
  const open: Batch[] = [];
  const listeners = new Set<() => void>();
  let waiting: (() => void)[] = [];
  let isTold = true;
  const tell = (): void => {
    isTold = true;
    for (const listener of listeners) listener();
  };
  // One write of the store is of many batches, which are settled in succession: after the last of them.
  const tellSoon = (): void => {
    if (isTold) process.nextTick(tell);
    isTold = false;
  };
  return {
    last: () => last,
    begin(): Batch {
      const batch: Batch = { last: newest, bytes: 0, state: 'open' };
      open.push(batch);
      return batch;
    },
    settle(batch: Batch, state: 'stored' | 'lost'): void {
      batch.state = state;
      const before = last;
      while (open[0] !== undefined && open[0].state !== 'open') {
        const done = open.shift() as Batch;
        if (done.state === 'stored') last = done.last;
      }
      if (last > before) tellSoon();
      if (open.length > 0) return;
      for (const wake of waiting) wake();
      waiting = [];
    },
    onCommit(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    settled: (): Promise<void> =>
      open.length === 0 ? Promise.resolve() : new Promise<void>((resolve) => waiting.push(resolve)),
  };
}

interface Outcome {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

function createOutcome(): Outcome {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  // Most who add an event do not wait for it.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/** Says loudly that events are lost, but not once for each. */
function createFailureCount(clock: Clock, log: Logger) {
  let count = 0;
  let told = 0;
  let toldMs: number | undefined;
  return {
    count: () => count,
    add(events: number, error: unknown): void {
      count += events;
      const nowMs = clock.monotonicMs();
      if (toldMs !== undefined && nowMs - toldMs < COMPLAIN_MS) return;
      toldMs = nowMs;
      log.error('events cannot be stored', { lost: count - told, error: String(error) });
      told = count;
    },
    clear(): void {
      if (toldMs === undefined) return;
      toldMs = undefined;
      log.warning('events are stored again', { lost: count });
      told = count;
    },
  };
}
