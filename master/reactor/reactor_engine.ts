import { type Clock, sleep } from '../../shared/clock.ts';
import { limitParallel } from '../../shared/limit_parallel.ts';
import type { Logger } from '../../shared/log.ts';
import { nextTurn } from '../../shared/pace.ts';
import { createDebounce } from '../../shared/reactor/debounce.ts';
import type { EventLog } from '../events/event_log.ts';
import type { LoggedEvent } from '../events/event_record.ts';
import { createCursorMark } from './cursor_mark.ts';

/** What is to be done about an event. */
export interface Work {
  /** Left out: at once. Of the same key, only the last is done, when it was quiet for so long. */
  readonly debounce?: { readonly key: string; readonly quietMs: number };
  /** Resolves when all is handed over durably. It is tried again when it rejects, and may run again after a crash. */
  run(): Promise<void>;
}

export interface EngineOptions {
  readonly events: Pick<EventLog, 'read' | 'lastCursor' | 'firstCursor' | 'onCommit' | 'cursorOf' | 'saveCursor'>;
  /** True while no event can lead to any work: then they are passed over unread. */
  readonly isIdle: () => boolean;
  readonly match: (event: LoggedEvent) => readonly Work[];
  /** Events worked on at a time; those of one tag one after the other. */
  readonly parallelMax: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ReactorEngine {
  start(): Promise<void>;
  /** Rules changed, or who leads. */
  wake(): void;
  status(): EngineStatus;
  /** What was not begun is begun at the next start. */
  stop(): Promise<void>;
}

export interface EngineStatus {
  /** All events up to this one are done. */
  readonly cursor: number;
  /** Events that are not. */
  readonly lag: number;
  readonly in_flight: number;
  readonly events_read: number;
  readonly events_matched: number;
  readonly events_debounced: number;
  /** The log removed them before they were read. */
  readonly events_missed: number;
}

const READER = 'reactor';
const BATCH = 200;
/** Matched events in memory at a time; the others stay in the log. */
const IN_FLIGHT_MAX = 1000;
const RETRY_MS = 1000;
const SAVE_MS = 1000;
/** What is under way when the master stops has this long; the rest of it comes again at the next start. */
const STOP_MS = 5000;

/** Reads the event log from its own place: at least once, in order for each tag, with bounded memory. */
export function createReactorEngine(options: EngineOptions): ReactorEngine {
  const { events, clock, log } = options;
  const known = events.cursorOf(READER);
  let position = known ?? events.lastCursor;
  const mark = createCursorMark(position);
  const counts = { events_read: 0, events_matched: 0, events_debounced: 0, events_missed: 0 };
  const stopping = new AbortController();
  const saver = createSaver(events, mark.position, known, log);
  const room = createGate();

  const lanes = createLanes(options, stopping.signal, {
    done(cursor) {
      mark.done(cursor);
      saver.save();
    },
    left: room.open,
  });
  const debounce = createDebounce<{ readonly event: LoggedEvent; readonly work: Work }>(clock, {
    settled: ({ event, work }) => lanes.add(event, work),
    superseded({ event }) {
      counts.events_debounced++;
      mark.done(event.cursor);
    },
  });
  const admit = (event: LoggedEvent): void => {
    const works = options.match(event);
    mark.read(event.cursor, works.length);
    counts.events_read++;
    if (works.length > 0) counts.events_matched++;
    for (const work of works) {
      if (work.debounce === undefined) lanes.add(event, work);
      else debounce.offer(work.debounce.key, { event, work }, work.debounce.quietMs);
    }
  };
  const skipTo = (cursor: number): void => {
    position = cursor;
    mark.read(cursor, 0);
  };
  const readBatch = async (): Promise<boolean> => {
    if (options.isIdle()) {
      if (events.lastCursor > position) skipTo(events.lastCursor);
      return false;
    }
    if (position + 1 < events.firstCursor) {
      const missed = events.firstCursor - position - 1;
      counts.events_missed += missed;
      log.error('the event log removed events before the reactor had read them', { missed });
      skipTo(events.firstCursor - 1);
    }
    const batch = events.read(position, BATCH);
    for (const event of batch) {
      while (lanes.count() >= IN_FLIGHT_MAX && !stopping.signal.aborted) {
        await room.wait();
      }
      if (stopping.signal.aborted) return false;
      position = event.cursor;
      admit(event);
    }
    // Others want the event loop too.
    await nextTurn();
    return batch.length > 0;
  };
  const pump = onePerTime(async () => {
    while (!stopping.signal.aborted && (await readBatch())) {}
  });
  let ends: (() => void)[] = [];

  return {
    async start() {
      if (known === undefined) await events.saveCursor(READER, position);
      const timer = clock.every(SAVE_MS, saver.save);
      ends = [events.onCommit(pump), timer.stop];
      pump();
    },
    wake: pump,
    status() {
      const cursor = mark.position();
      return { cursor, lag: events.lastCursor - cursor, in_flight: lanes.count(), ...counts };
    },
    async stop() {
      for (const end of ends) end();
      stopping.abort();
      debounce.stop();
      room.open();
      await Promise.race([lanes.settled(), sleep(clock, STOP_MS)]);
      await saver.finish();
    },
  };
}

/** One may wait for it to be opened; it closes behind. */
function createGate() {
  let enter = (): void => undefined;
  return {
    wait: (): Promise<void> =>
      new Promise((resolve) => {
        enter = resolve;
      }),
    open: (): void => enter(),
  };
}

/** Runs again when it was asked for meanwhile, and never beside itself. */
function onePerTime(work: () => Promise<void>): () => void {
  let state: 'idle' | 'running' | 'again' = 'idle';
  const run = async (): Promise<void> => {
    do {
      state = 'running';
      await work();
    } while ((state as string) === 'again');
    state = 'idle';
  };
  return () => {
    if (state === 'idle') void run();
    else state = 'again';
  };
}

/** Work in order for each tag, and beside each other for different ones. */
function createLanes(
  { parallelMax, clock, log }: EngineOptions,
  signal: AbortSignal,
  on: { readonly done: (cursor: number) => void; readonly left: () => void },
) {
  const tails = new Map<string, Promise<void>>();
  const limit = limitParallel(parallelMax);
  let count = 0;
  const attempt = async ({ tag, cursor }: LoggedEvent, work: Work): Promise<void> => {
    while (!signal.aborted) {
      try {
        await work.run();
        return on.done(cursor);
      } catch (error) {
        if (signal.aborted) return;
        log.error('an event cannot be reacted to now; it is tried again', { tag, cursor, error: String(error) });
        await sleep(clock, RETRY_MS, signal);
      }
    }
  };
  return {
    count: () => count,
    add(event: LoggedEvent, work: Work): void {
      count++;
      const before = tails.get(event.tag) ?? Promise.resolve();
      const tail = before
        .then(() => limit(() => attempt(event, work)))
        .finally(() => {
          count--;
          if (tails.get(event.tag) === tail) tails.delete(event.tag);
          on.left();
        });
      tails.set(event.tag, tail);
    },
    async settled(): Promise<void> {
      await Promise.all(tails.values());
    },
  };
}

/** Keeps the reader's place, one write at a time. */
function createSaver(
  events: Pick<EventLog, 'saveCursor'>,
  position: () => number,
  known: number | undefined,
  log: Logger,
) {
  let saved = known ?? position();
  let saving: Promise<void> | undefined;
  const save = (): void => {
    const cursor = position();
    if (saving !== undefined || cursor === saved) return;
    saving = events
      .saveCursor(READER, cursor)
      .then(
        () => {
          saved = cursor;
        },
        (error: unknown) =>
          log.warning('the place of the reactor in the event log cannot be kept', { error: String(error) }),
      )
      .finally(() => {
        saving = undefined;
      });
  };
  return {
    save,
    async finish(): Promise<void> {
      await saving;
      save();
      await saving;
    },
  };
}
