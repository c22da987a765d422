import type { Clock, Timer } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import type { Pace } from './pace.ts';

export type Publish = (packet: Packet) => Promise<void>;

/** One thing to say, on disk or on its way there; its bytes too, when there was room for them. */
export interface Entry {
  /** Its place in the order. */
  readonly sequence: number;
  readonly topic: string;
  /** What it takes on disk, bytes. */
  readonly bytes: number;
  /** Of the value that goes ahead in parts, bytes; 0 when there is none. */
  readonly contentBytes: number;
  /** Undefined: to be read when it is sent. */
  packet: Packet | undefined;
  /** What of it is kept in memory for as long as it waits, bytes. */
  heldBytes: number;
  /**
   * Not to be sent before it is written, waiting, published on the present connection and not acknowledged, or failed
   * on it.
   */
  state: 'writing' | 'waiting' | 'sending' | 'failed';
  /** The last time it was sent: true when it is done with, for better or worse. */
  attempt: Promise<boolean> | undefined;
  /** Parts that were acknowledged, by number; undefined when it has none. */
  readonly partsSent: Set<number> | undefined;
  /** The master asked for all of it once more. */
  isWantedAgain: boolean;
}

/** Entries of one kind, sent oldest first within a window. */
export interface Lane {
  readonly entries: Map<number, Entry>;
  /** Sends what may go now. */
  wake(): void;
  attach(publish: Publish): void;
  detach(): void;
}

export interface LaneOptions {
  /** Undefined: it cannot be read, and is none of the entries any more. */
  readonly read: (entry: Entry) => Promise<Packet | undefined>;
  /** All that an entry is: its parts first. */
  readonly send: (entry: Entry, packet: Packet, publish: Publish) => Promise<void>;
  readonly remove: (entry: Entry) => void;
  /** How fast, for what the master limits. */
  readonly pace: Pace | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Published and not acknowledged, at most. */
const WINDOW = 64;
/** What is sent in parts goes one after another: each has a window of its own. */
const LARGE_WINDOW = 1;

export function createLane(options: LaneOptions): Lane {
  const { clock, pace } = options;
  const entries = new Map<number, Entry>();
  let publish: Publish | undefined;
  const underWay = new Set<Entry>();
  let timer: Timer | undefined;
  let isReading = false;

  const mayGo = (entry: Entry): boolean =>
    entry.state === 'waiting' && !(isLarge(entry) && [...underWay].filter(isLarge).length >= LARGE_WINDOW);

  const read = async (entry: Entry): Promise<void> => {
    isReading = true;
    entry.packet = await options.read(entry);
    isReading = false;
    wake();
  };
  const send = async (entry: Entry, packet: Packet, via: Publish): Promise<boolean> => {
    entry.state = 'sending';
    entry.isWantedAgain = false;
    underWay.add(entry);
    let failure: { readonly error: unknown } | undefined;
    try {
      await options.send(entry, packet, via);
    } catch (error) {
      failure = { error };
    }
    // Of a connection that another one has followed: there it is sent already.
    if (via !== publish && publish !== undefined && failure !== undefined) return false;
    if (via === publish) underWay.delete(entry);
    const isOver = settle(entry, failure, options);
    if (isOver) options.remove(entry);
    wake();
    return isOver;
  };

  const resume = (): void => {
    timer = undefined;
    wake();
  };

  function wake(): void {
    if (publish === undefined || timer !== undefined || isReading) return;
    for (const entry of entries.values()) {
      if (underWay.size >= WINDOW) return;
      // The others wait for it, so that the order is kept; not for values of many megabytes.
      if (entry.state === 'writing' && !isLarge(entry)) return;
      if (!mayGo(entry)) continue;
      if (entry.packet === undefined) return void read(entry);
      const waitMs = pace?.take() ?? 0;
      if (waitMs > 0) {
        timer = clock.after(waitMs, resume);
        return;
      }
      entry.attempt = send(entry, entry.packet, publish);
    }
  }

  return {
    entries,
    wake,
    attach(via) {
      publish = via;
      pace?.connected();
      underWay.clear();
      for (const entry of entries.values()) if (entry.state !== 'writing') entry.state = 'waiting';
      wake();
    },
    detach() {
      publish = undefined;
      timer?.stop();
      timer = undefined;
    },
  };
}

/** True when the entry is done with, for better or worse. */
function settle(entry: Entry, failure: { readonly error: unknown } | undefined, { log, pace }: LaneOptions): boolean {
  if (failure === undefined) {
    if (entry.isWantedAgain) entry.state = 'waiting';
    return !entry.isWantedAgain;
  }
  const { topic } = entry;
  const { error } = failure;
  if (isRefused(error)) {
    log.error('the master does not take it, it is given up', { topic, reason: String(error) });
    return true;
  }
  log.debug('will be sent again', { topic, error: String(error) });
  if (entry.heldBytes === 0) entry.packet = undefined;
  // Anything but the rate is mended by the next connection, if at all.
  entry.state = isTooFast(error) ? 'waiting' : 'failed';
  if (isTooFast(error)) pace?.refused();
  return false;
}

function isLarge({ contentBytes }: Entry): boolean {
  return contentBytes > 0;
}

/** What the master will never take, however often it is sent. */
function isRefused(error: unknown): boolean {
  return error instanceof FleetError && (error.code === 'NOT_PERMITTED' || error.code === 'MESSAGE_INVALID');
}

function isTooFast(error: unknown): boolean {
  return error instanceof FleetError && error.code === 'LIMIT_EXCEEDED';
}
