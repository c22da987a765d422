import * as v from 'valibot';
import type { Clock, Timer } from '../clock.ts';
import type { Logger } from '../log.ts';
import { type Decision, decide, ItemState } from './decide.ts';
import type { PlannedItem, Schedule } from './read_schedule.ts';

/** What outlives the process: of each item what was done and what is planned. */
export const ItemStates = v.record(v.string(), ItemState);
export type ItemStates = Readonly<Record<string, ItemState>>;

export interface ScheduleStore {
  load(): Promise<ItemStates>;
  /** Resolves when it would survive a power cut. */
  save(states: ItemStates): Promise<void>;
}

/** An item that runs now. */
export interface Firing {
  readonly name: string;
  readonly item: PlannedItem['item'];
  /** The item's own, or the `skip_function` that stands in for it. */
  readonly fun: string;
  /** When it was due, milliseconds UTC. */
  readonly dueMs: number;
}

export interface SchedulerOptions {
  readonly schedule: Schedule;
  readonly store: ScheduleStore;
  /** Resolves when it has ended; what it rejects with is logged. */
  readonly run: (firing: Firing) => Promise<void>;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
}

/** Runs what a schedule says when it says so, on a minion and on the master alike. */
export interface Scheduler {
  start(): Promise<void>;
  /** Resolves when nothing is being written down any more; what runs goes on. */
  stop(): Promise<void>;
  /** From now on another schedule; resolves when it is in force. Items whose times are the same keep their place. */
  replace(schedule: Schedule): Promise<void>;
  /** Runs an item at once, whatever it says about when; false when there is none of that name. */
  runNow(name: string): boolean;
  state(name: string): ItemState | undefined;
  schedule(): Schedule;
}

/** Longest sleep: a timer does not notice that the clock was set, or that the machine slept. */
const SLEEP_MAX_MS = 60_000;
/** How soon it is tried again to write down what is decided. */
const RETRY_MS = 10_000;

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { store, clock, random, log } = options;
  let schedule = options.schedule;
  let states: ItemStates = {};
  let timer: Timer | undefined;
  let isStopped = true;
  let hasLooked = false;
  let work: Promise<void> = Promise.resolve();
  // One may be held back until another has ended.
  const runs = createRuns(options, () => void look());

  const decideAll = (): Map<PlannedItem, Decision> => {
    const shared = { nowMs: clock.nowMs(), isStart: !hasLooked, enabled: schedule.enabled };
    return new Map(
      [...schedule.items.values()].map((plan) => {
        const view = { ...shared, random: random(), running: runs.count(plan.name) };
        return [plan, decide(plan, states[plan.name], view)];
      }),
    );
  };

  /** Decides, writes down, runs, in this order: what would not be remembered must not run. The sleep until the next look, ms. */
  const lookOnce = async (): Promise<number> => {
    for (;;) {
      const decisions = decideAll();
      const next = Object.fromEntries([...decisions].map(([{ name }, { state }]) => [name, state]));
      if (!isSame(states, next)) await store.save(next);
      states = next;
      hasLooked = true;
      for (const [plan, decision] of decisions) act(plan, decision, schedule, runs.run, log);
      const sleepMs = nextFire(decisions) - clock.nowMs();
      // An item that is behind has several that are due.
      if (sleepMs > 0 || isStopped) return Math.min(sleepMs, SLEEP_MAX_MS);
    }
  };

  const look = (): Promise<void> => {
    work = work.then(async () => {
      if (isStopped) return;
      timer?.stop();
      let sleepMs = RETRY_MS;
      try {
        sleepMs = await lookOnce();
      } catch (error) {
        log.error('the schedule waits: what is decided cannot be written down', { error: String(error) });
      }
      if (!isStopped) timer = clock.after(sleepMs, () => void look());
    });
    return work;
  };

  return {
    async start() {
      states = await store.load();
      isStopped = false;
      tellProblems(schedule, log);
      await look();
    },
    async stop() {
      isStopped = true;
      timer?.stop();
      await work;
    },
    async replace(other) {
      schedule = other;
      tellProblems(schedule, log);
      await look();
    },
    runNow(name) {
      const plan = schedule.items.get(name);
      if (plan !== undefined) runs.run(plan, plan.item.function, clock.nowMs());
      return plan !== undefined;
    },
    state: (name) => states[name],
    schedule: () => schedule,
  };
}

type Run = (plan: PlannedItem, fun: string, dueMs: number) => void;

/** What runs now, counted by item. */
function createRuns({ run, log }: SchedulerOptions, ended: () => void) {
  const counts = new Map<string, number>();
  const count = (name: string): number => counts.get(name) ?? 0;
  const start: Run = ({ name, item }, fun, dueMs) => {
    counts.set(name, count(name) + 1);
    log.debug('a scheduled item runs', { schedule: name, fun });
    run({ name, item, fun, dueMs })
      .catch((error: unknown) => log.error('a scheduled item could not run', { schedule: name, error: String(error) }))
      .finally(() => {
        counts.set(name, count(name) - 1);
        ended();
      });
  };
  return { run: start, count };
}

function act(plan: PlannedItem, { run: dueMs, skip }: Decision, schedule: Schedule, run: Run, log: Logger): void {
  if (dueMs !== undefined) run(plan, plan.item.function, dueMs);
  if (skip === undefined) return;
  const about = { schedule: plan.name, reason: skip.reason, due: new Date(skip.at).toISOString() };
  if (skip.reason === 'missed' || skip.reason === 'maxrunning') log.warning('a scheduled item was skipped', about);
  else log.debug('a scheduled item was skipped', about);
  if (skip.reason === 'in_skip_range' && schedule.skipFunction !== undefined) run(plan, schedule.skipFunction, skip.at);
}

/** Milliseconds UTC. What is held back is looked at when something ends. */
function nextFire(decisions: ReadonlyMap<PlannedItem, Decision>): number {
  const waiting = [...decisions.values()].filter(({ isHeld }) => isHeld !== true);
  return Math.min(...waiting.map(({ state }) => state.due?.fire ?? Number.POSITIVE_INFINITY));
}

function tellProblems({ problems }: Schedule, log: Logger): void {
  for (const [name, problem] of problems) log.error('a scheduled item cannot be used', { schedule: name, problem });
}

/** States are replaced, never changed. */
function isSame(before: ItemStates, after: ItemStates): boolean {
  const names = Object.keys(after);
  return names.length === Object.keys(before).length && names.every((name) => before[name] === after[name]);
}
