import type { Clock, Timer } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import { hideArguments } from '../../shared/plugin/hide_arguments.ts';
import type { Destination } from '../../shared/plugin/open_returner.ts';
import type { StoredEvent } from '../../shared/plugin/returner.ts';
import type { ReturnerQueue } from '../../shared/plugin/returner_queue.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import type { EventData } from './event_record.ts';

/** Events that wait in memory for the disk, at most; beyond it the oldest are dropped. */
const BUFFER_MAX = 10_000;
/** Events in one entry, so that one failure repeats little. */
const BATCH_MAX = 500;

export interface EventReturnOptions {
  readonly queue: Pick<ReturnerQueue, 'add'>;
  /** The returners that `event_return` names. */
  readonly destinations: readonly Destination[];
  /** Globs of tags: the whitelist, when it has any, lets in; the blacklist takes out again (RET-5). */
  readonly whitelist: readonly string[];
  readonly blacklist: readonly string[];
  /** How many are collected before they are stored together. */
  readonly queueSize: number;
  /** How long they are collected at most; 0: until there are enough. */
  readonly queueMaxMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Hands the events of the master's bus to returners: to be given to the bus as a listener. */
export interface EventReturn {
  accept(tag: string, data: EventData): void;
  /** Resolves when all that was accepted is on disk. */
  flush(): Promise<void>;
}

export function createEventReturn(options: EventReturnOptions): EventReturn {
  const { queue, destinations, queueSize, queueMaxMs, clock, log } = options;
  const isWanted = createFilter(options.whitelist, options.blacklist);
  let buffer: StoredEvent[] = [];
  let timer: Timer | undefined;
  let dropped = 0;
  let writing: Promise<void> | undefined;

  // What comes while the disk is busy goes out together with the next write.
  const writeAll = async (): Promise<void> => {
    while (buffer.length > 0) {
      const value = buffer.slice(0, BATCH_MAX);
      buffer = buffer.slice(BATCH_MAX);
      await queue.add(destinations, { kind: 'events', value });
    }
    writing = undefined;
  };
  const flush = async (): Promise<void> => {
    timer?.stop();
    timer = undefined;
    if (writing === undefined && buffer.length > 0) writing = writeAll();
    await writing;
  };

  return {
    accept(tag, data) {
      if (destinations.length === 0 || !isWanted(tag)) return;
      buffer.push({ tag, data: hideArguments(data) });
      if (buffer.length > BUFFER_MAX) {
        buffer.shift();
        if (dropped++ % BUFFER_MAX === 0)
          log.error('events come faster than they can be kept for event_return', { dropped });
      }
      if (buffer.length >= queueSize) void flush();
      else if (queueMaxMs > 0) timer ??= clock.after(queueMaxMs, () => void flush());
    },
    flush,
  };
}

function createFilter(whitelist: readonly string[], blacklist: readonly string[]): (tag: string) => boolean {
  const wanted = whitelist.map(globMatcher);
  const unwanted = blacklist.map(globMatcher);
  return (tag) =>
    (wanted.length === 0 || wanted.some((matches) => matches(tag))) && !unwanted.some((matches) => matches(tag));
}
