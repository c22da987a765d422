import { createBackoff } from '../client/backoff.ts';
import type { Clock } from '../clock.ts';
import { errorLine } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Destination, ReturnerOpener } from './open_returner.ts';
import { ReturnerLane, type ReturnerStatus } from './returner_lane.ts';
import { type Delivery, openSpool, prepareEntry, type Spool } from './returner_spool.ts';

/**
 * Everything that returners are still to store, on disk until they did. Each entry reaches each of its returners at least
 * once, in no certain order, or is dropped and counted when a limit in time or in bytes is reached. A returner that fails
 * is tried again with full jitter; it holds up neither the others nor the job.
 */
export interface ReturnerQueue {
  /** Resolves when it would survive a power cut; storing goes on by itself. Never rejects: what cannot be kept is logged. */
  add(destinations: readonly Destination[], delivery: Delivery): Promise<void>;
  status(): ReturnerStatus[];
  /** Resolves when nothing waits but for returners that are blocked. */
  drained(): Promise<void>;
  /** Stops trying and closes what is open; what waits stays on disk. */
  stop(): Promise<void>;
}

export interface ReturnerQueueOptions {
  readonly folder: string;
  readonly open: ReturnerOpener;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** Hears of each returner that begins to fail and that works again. */
  readonly told?: (status: ReturnerStatus) => void;
  /** Of all that waits; see max_returner_queue_bytes. */
  readonly bytesMax: number;
  /** See return_keep_for. */
  readonly ageMaxMs: number;
  readonly retry?: Partial<RetryLimits>;
}

export interface RetryLimits {
  /** First and longest wait before a returner is tried again. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** How long a returner may take to open and to store one thing, before it counts as failed. */
  readonly attemptMs: number;
  /** How long a returner that has nothing to store is kept open. */
  readonly idleMs: number;
}

const RETRY: RetryLimits = { firstMs: 1000, maxMs: 60_000, attemptMs: 60_000, idleMs: 10_000 };
/** How often what became too old is looked for. */
const SWEEP_MS = 10 * 60_000;

/** Throws what the system says when the folder cannot be made or read. */
export async function openReturnerQueue(options: ReturnerQueueOptions): Promise<ReturnerQueue> {
  const { clock, log } = options;
  const spool = await openSpool(options.folder, log);
  const drained = createWaiters();
  const lanes = createLanes(options, spool, () => drained.settle(isDrained()));
  let sequence = Number(spool.found.at(-1)?.name ?? 0);
  let writingBytes = 0;

  const isDrained = (): boolean => writingBytes === 0 && lanes.all().every((lane) => lane.isAtRest());
  const makeRoom = async (bytes: number): Promise<void> => {
    const used = (): number => writingBytes + lanes.all().reduce((sum, lane) => sum + lane.bytes, 0);
    while (used() + bytes > options.bytesMax && (await lanes.dropOne()));
  };
  const keep = async (destination: Destination, delivery: Delivery): Promise<void> => {
    const { entry, content } = prepareEntry(++sequence, destination, delivery, clock.nowMs());
    await makeRoom(entry.bytes);
    writingBytes += entry.bytes;
    try {
      await spool.write(entry, content);
      lanes.of(destination).add(entry);
    } catch (error) {
      lanes.of(destination).countDropped();
      const fields = { returner: destination.returner, error: errorLine(error) };
      log.error('what a returner should store cannot be kept', fields);
    } finally {
      writingBytes -= entry.bytes;
      drained.settle(isDrained());
    }
  };
  const sweep = async (): Promise<void> => {
    for (const lane of lanes.all()) await lane.dropOld();
    lanes.forgetEmpty();
    drained.settle(isDrained());
  };

  for (const entry of spool.found) lanes.of(entry.destination).add(entry);
  const timer = clock.every(SWEEP_MS, () => void sweep());
  return {
    add: async (destinations, delivery) => {
      await Promise.all(destinations.map((destination) => keep(destination, delivery)));
    },
    status: () =>
      lanes
        .all()
        .map((lane) => lane.status())
        .sort((a, b) => (a.returner < b.returner ? -1 : 1)),
    drained: () => drained.wait(isDrained()),
    async stop() {
      timer.stop();
      await Promise.all(lanes.all().map((lane) => lane.stop()));
    },
  };
}

interface Lanes {
  all(): ReturnerLane[];
  of(destination: Destination): ReturnerLane;
  /** Drops an entry of the lane that takes most of the disk; false when there is none to drop. */
  dropOne(): Promise<boolean>;
  /** What one job asked for once, and what was misspelt, is not remembered for ever. */
  forgetEmpty(): void;
}

function createLanes(options: ReturnerQueueOptions, spool: Spool, onChange: () => void): Lanes {
  const { open, clock, random, log, ageMaxMs, told = () => undefined } = options;
  const retry = { ...RETRY, ...options.retry };
  const lanes = new Map<string, ReturnerLane>();
  return {
    all: () => [...lanes.values()],
    of(destination) {
      const { returner, ret_config, ret_kwargs } = destination;
      const key = JSON.stringify([returner, ret_config, ret_kwargs]);
      let lane = lanes.get(key);
      if (lane === undefined) {
        const backoff = createBackoff({ ...retry, random });
        lane = new ReturnerLane({ destination, open, spool, clock, log, told, backoff, ageMaxMs, onChange, ...retry });
        lanes.set(key, lane);
      }
      return lane;
    },
    async dropOne() {
      for (const lane of [...lanes.values()].sort((a, b) => b.bytes - a.bytes)) {
        if (await lane.dropFirst()) return true;
      }
      return false;
    },
    forgetEmpty() {
      for (const [key, lane] of lanes) {
        if (!lane.isEmpty() || !(lane.isBlocked() || lane.isOfOneJob())) continue;
        lanes.delete(key);
        void lane.stop();
      }
    },
  };
}

/** Those who wait for something to become true. */
function createWaiters(): { wait(isTrue: boolean): Promise<void>; settle(isTrue: boolean): void } {
  let waiters: (() => void)[] = [];
  return {
    wait: (isTrue) => (isTrue ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
    settle(isTrue) {
      if (!isTrue) return;
      for (const wake of waiters) wake();
      waiters = [];
    },
  };
}
