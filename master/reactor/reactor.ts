import { createLimitedWarning } from '../../broker/limits.ts';
import type { Clock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { FindReactorFiles, RenderFile } from '../../shared/reactor/plan_reactions.ts';
import { REACTOR_USER } from '../../shared/reactor/reaction.ts';
import { createSlots } from '../../shared/reactor/slots.ts';
import type { EventLog } from '../events/event_log.ts';
import type { EventData } from '../events/event_record.ts';
import type { JobStore } from '../jobs/job_store.ts';
import { createLoopGuard } from './loop_guard.ts';
import { createMatcher } from './match_event.ts';
import { createPerformer, type ReactionDoors } from './perform_reaction.ts';
import { createReact, type React } from './react.ts';
import type { DeadLetter, ReactionRecord, ReactionStore } from './reaction_store.ts';
import { createReactorEngine, type EngineStatus } from './reactor_engine.ts';
import { createRulebook, type Rulebook } from './reactor_rulebook.ts';
import {
  createTypedRunner,
  type RunTypedReactor,
  type TypedReactor,
  type TypedRunnerOptions,
} from './run_typed_reactor.ts';
import { tryEvent } from './try_event.ts';

export interface ReactorOptions extends ReactionDoors, Pick<TypedRunnerOptions, 'onlyReads'> {
  /** The setting `reactor`. */
  readonly rules: readonly unknown[];
  readonly typed: readonly TypedReactor[];
  readonly store: ReactionStore;
  readonly events: Pick<EventLog, 'read' | 'lastCursor' | 'firstCursor' | 'onCommit' | 'cursorOf' | 'saveCursor'>;
  readonly jobs: Pick<JobStore, 'header'>;
  readonly findFiles: FindReactorFiles;
  readonly renderFile: RenderFile;
  /** Runners that reactions may have under way at a time. */
  readonly callsMax: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ReactorStatus extends EngineStatus {
  readonly leader: boolean;
  readonly reactions_succeeded: number;
  readonly reactions_failed: number;
  readonly reactions_limited: number;
  readonly loops_stopped: number;
  /** Runners under way. */
  readonly calls: number;
  readonly dead_letters: number;
}

/** What the master does by itself when something happens (RCT). */
export interface Reactor extends Pick<Rulebook, 'list' | 'add' | 'delete'> {
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly typed: readonly TypedReactor[];
  isLeader(): boolean;
  setLeader(value: boolean): Promise<void>;
  /** Since the start of the master, as numbers for whoever measures. */
  status(): ReactorStatus;
  /** Newest events first. */
  history(limit: number): readonly ReactionRecord[];
  deadLetters(): Readonly<Record<string, DeadLetter>>;
  /** Tries a dead letter again and waits for what comes of it. Throws ARGS_INVALID. */
  replay(name: string): Promise<readonly ReactionRecord[]>;
  /** What would be done about an event. */
  test(tag: string, data: EventData): Promise<Readonly<Record<string, unknown>>>;
}

/** Events worked on at a time. */
const EVENTS_PARALLEL = 16;
const TRIM_MS = 1000;

export function createReactor(options: ReactorOptions): Reactor {
  const { store, clock, log, typed } = options;
  const counts = { reactions_succeeded: 0, reactions_failed: 0 };
  const ended = ({ state }: ReactionRecord): void => {
    counts[state === 'succeeded' ? 'reactions_succeeded' : 'reactions_failed']++;
  };
  const warn = createLimitedWarning(log, clock);
  const slots = createSlots(options.callsMax);
  const rulebook = createRulebook(options.rules, store, clock);
  const performer = createPerformer({ ...options, slots, ended });
  const react = createReact({ ...options, performer, warn });
  const runTyped = createTypedRunner({ ...options, ended });
  const guard = createLoopGuard(options.jobs, REACTOR_USER, clock);
  const matcher = createMatcher({ rulebook, typed, guard, react, runTyped, performer, warn });
  const engine = createReactorEngine({
    ...options,
    parallelMax: EVENTS_PARALLEL,
    isIdle: () => !store.isLeader() || rulebook.all().length + typed.length === 0,
    match: matcher.match,
  });
  const replaying = new Set<string>();
  let stopTrimming = (): void => undefined;
  return {
    async start() {
      await reportUnfinished(options);
      await engine.start();
      const trim = (): void => {
        store.trim(engine.status().cursor).catch((error: unknown) => {
          log.warning('old reactions could not be removed', { error: String(error) });
        });
      };
      stopTrimming = clock.every(TRIM_MS, trim).stop;
    },
    async stop() {
      stopTrimming();
      slots.stop();
      await engine.stop();
    },
    typed,
    ...rulebook,
    isLeader: store.isLeader,
    setLeader: store.setLeader,
    status: () => ({
      leader: store.isLeader(),
      ...engine.status(),
      ...counts,
      ...matcher.counts(),
      calls: slots.taken(),
      dead_letters: store.deadCount(),
    }),
    history: store.history,
    deadLetters: () => Object.fromEntries(store.deadLetters().map(({ name, letter }) => [name, letter])),
    async replay(name) {
      if (replaying.has(name)) throw new FleetError('ARGS_INVALID', `${name} is being replayed already`);
      replaying.add(name);
      try {
        return await replay(name, store, typed, { react, runTyped });
      } finally {
        replaying.delete(name);
      }
    },
    test: (tag, data) => tryEvent(tag, data, { ...options, rulebook }),
  };
}

/** Whoever was killed in the middle of a call does not know what it did: an operator decides. */
async function reportUnfinished({ store, events, log }: ReactorOptions): Promise<void> {
  for (const { key, record } of store.unfinished()) {
    const { cursor, tag, file, id, call } = record;
    log.warning('a reaction was interrupted', { tag, file, id, call });
    const [event] = events.read(cursor - 1, 1);
    const data = event?.cursor === cursor ? event.data : {};
    const reason = 'the master was stopped while it ran';
    await store.put(key, { ...record, state: 'interrupted', reason }, { tag, data, cursor, depth: 0, attempt: 0 });
  }
}

async function replay(
  name: string,
  store: ReactionStore,
  typed: readonly TypedReactor[],
  run: { readonly react: React; readonly runTyped: RunTypedReactor },
): Promise<readonly ReactionRecord[]> {
  const letter = store.deadLetter(name);
  if (letter === undefined) {
    const hint = 'salt-run reactor.dead_letters lists them';
    throw new FleetError('ARGS_INVALID', `there is no dead letter ${name}`, { hint });
  }
  const event = { ...letter.event, attempt: letter.event.attempt + 1 };
  const reactor = typed.find(({ file }) => file === letter.file);
  const records =
    reactor === undefined
      ? await Promise.all(await run.react([letter.file], event, letter))
      : [await run.runTyped(reactor, event)];
  await store.removeDeadLetter(name);
  return records.filter((record) => record !== undefined);
}
