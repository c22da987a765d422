import * as v from 'valibot';
import { isDaily, momentNow, nextMatch } from './date_text.ts';
import type { PlannedItem, Range } from './read_schedule.ts';

/** Why something that was due did not run, in Salt's words where it has them. */
const SkipReason = v.picklist([
  'disabled',
  'until_passed',
  'after_not_passed',
  'not_in_range',
  'in_skip_range',
  'skip_explicit',
  'maxrunning',
  'dry_run',
  'missed',
]);
export type SkipReason = v.InferOutput<typeof SkipReason>;

/** What is remembered of an item, on disk. Times are milliseconds UTC. */
export const ItemState = v.object({
  /** Of the item that this was planned for. */
  signature: v.string(),
  /** An interval is counted from here. */
  anchor: v.number(),
  /** All up to here is decided. */
  seen: v.number(),
  /** What comes next, and when it runs, with its splay; undefined: nothing ever. */
  due: v.optional(v.object({ at: v.number(), fire: v.number() })),
  last_run: v.optional(v.number()),
  runs: v.number(),
  /** Missed occurrences that were made up for, one after another. */
  made_up: v.number(),
  skipped: v.optional(v.object({ at: v.number(), reason: SkipReason })),
});
export type ItemState = Readonly<v.InferOutput<typeof ItemState>>;

export interface DecideView {
  readonly nowMs: number;
  /** 0 to 1, for the splay of what comes next. */
  readonly random: number;
  /** How often the item runs at this moment. */
  readonly running: number;
  /** The scheduler has just started. */
  readonly isStart: boolean;
  /** False: the whole schedule is off. */
  readonly enabled: boolean;
}

export interface Decision {
  readonly state: ItemState;
  /** It is to run now, as what was due then. */
  readonly run?: number;
  readonly skip?: { readonly at: number; readonly reason: SkipReason };
  /** It is due and waits until one of those that run has ended. */
  readonly isHeld?: true;
}

/** Later than this is missed. A restart or a busy minute must not cost a firing. */
export const LATE_MS = 60_000;
/** A clock that was put back by more than this was wrong before. */
const REWIND_MAX_MS = 86_400_000;
/** Missed occurrences that `missed: all` makes up for; what is beyond is skipped. */
export const MADE_UP_MAX = 100;

/** The whole decision about one item at one moment: a function of values. */
export function decide(plan: PlannedItem, before: ItemState | undefined, view: DecideView): Decision {
  const { nowMs } = view;
  const state = current(plan, before, view);
  const { due } = state;
  if (due === undefined || nowMs < due.fire) return { state };
  const isMissed = nowMs - due.fire > LATE_MS;
  const isMadeUp = isMissed && plan.missed === 'all' && state.made_up < MADE_UP_MAX;
  const reason = isMissed && plan.missed !== 'once' && !isMadeUp ? 'missed' : reasonToSkip(plan, due.at, view);
  // What is made up for runs one after another, not all at once.
  if (reason === 'maxrunning' && isMadeUp) return { state, isHeld: true };
  const made_up = isMadeUp ? state.made_up + 1 : 0;
  const after = { ...state, made_up, due: nextDue(plan, state, isMadeUp ? due.at : nowMs, view) };
  const decided = { ...after, seen: isMadeUp ? due.at : nowMs };
  if (reason === undefined) return { state: { ...decided, last_run: nowMs, runs: state.runs + 1 }, run: due.at };
  const skip = { at: due.at, reason };
  return { state: afterSkip(plan, { ...decided, skipped: skip }, nowMs), skip };
}

/** The state as it holds now: planned anew for an item that is new, was changed, or whose clock was put back. */
function current(plan: PlannedItem, before: ItemState | undefined, view: DecideView): ItemState {
  const { nowMs } = view;
  const known = before?.signature === plan.signature ? before : undefined;
  const state = known === undefined || isRewound(plan, known, nowMs) ? planAnew(plan, before, view) : known;
  if (view.isStart && plan.item.run_on_start === true) {
    return { ...state, anchor: nowMs, due: { at: nowMs, fire: nowMs } };
  }
  // Set since the last look: a time that `postpone_job` gave.
  const explicit = plan.runExplicit.find((moment) => moment > state.seen);
  if (explicit === undefined || (state.due !== undefined && state.due.at <= explicit)) return state;
  return { ...state, due: { at: explicit, fire: explicit } };
}

function planAnew(plan: PlannedItem, before: ItemState | undefined, view: DecideView): ItemState {
  const { nowMs } = view;
  const fresh = { signature: plan.signature, anchor: nowMs, seen: nowMs, due: undefined, runs: 0, made_up: 0 };
  const state: ItemState = { ...fresh, ...(before !== undefined && { last_run: before.last_run, runs: before.runs }) };
  return { ...state, due: nextDue(plan, state, nowMs, view) };
}

/**
 * A clock that was put back by hours must not stop an interval for hours. By the calendar, what ran is not run again, unless
 * the clock had been ahead by days: then nothing that was planned can be trusted.
 */
function isRewound({ timing, item }: PlannedItem, { due, seen }: ItemState, nowMs: number): boolean {
  if (timing.kind !== 'interval') return seen - nowMs > REWIND_MAX_MS;
  return due !== undefined && seen > nowMs && due.fire - nowMs > timing.ms + splayOf(item.splay).end * 1000;
}

function nextDue(plan: PlannedItem, { anchor }: ItemState, afterMs: number, { random }: DecideView): ItemState['due'] {
  const explicit = plan.runExplicit.find((moment) => moment > afterMs);
  const at = nextRegular(plan, anchor, afterMs);
  if (at === undefined || (explicit !== undefined && explicit < at)) {
    return explicit === undefined ? undefined : { at: explicit, fire: explicit };
  }
  const { start, end } = splayOf(plan.item.splay);
  return { at, fire: at + (start + Math.floor(random * (end - start + 1))) * 1000 };
}

function nextRegular({ timing }: PlannedItem, anchor: number, afterMs: number): number | undefined {
  if (timing.kind === 'none') return undefined;
  if (timing.kind === 'calendar') return timing.next(afterMs);
  return anchor + (Math.floor((afterMs - anchor) / timing.ms) + 1) * timing.ms;
}

function splayOf(splay: PlannedItem['item']['splay']): { readonly start: number; readonly end: number } {
  if (splay === undefined) return { start: 0, end: 0 };
  return typeof splay === 'number' ? { start: 0, end: splay } : splay;
}

function reasonToSkip(plan: PlannedItem, at: number, view: DecideView): SkipReason | undefined {
  const { item, zone } = plan;
  const { nowMs } = view;
  if (!view.enabled || item.enabled === false) return 'disabled';
  if (plan.until !== undefined && momentNow(plan.until, zone, nowMs) <= at) return 'until_passed';
  if (plan.after !== undefined && momentNow(plan.after, zone, nowMs) >= at) return 'after_not_passed';
  if (plan.skipExplicit.some((moment) => Math.floor(moment / 1000) === Math.floor(at / 1000))) return 'skip_explicit';
  if (plan.range !== undefined && !isInRange(plan, plan.range, nowMs)) return 'not_in_range';
  if (plan.skipDuring !== undefined && isInRange(plan, plan.skipDuring, nowMs)) return 'in_skip_range';
  if (item.dry_run === true) return 'dry_run';
  // Salt counts only what it notes as running, which is what jid_include asks for.
  const counts = item.jid_include !== false;
  return counts && view.running >= (item.maxrunning ?? 1) ? 'maxrunning' : undefined;
}

/** Both ends belong to it. Times of day that run backwards reach over midnight. */
function isInRange({ zone }: PlannedItem, { start, end, invert }: Range, nowMs: number): boolean {
  const from = momentNow(start, zone, nowMs);
  const to = momentNow(end, zone, nowMs);
  const overMidnight = to < from && isDaily(start) && isDaily(end);
  const isWithin = overMidnight ? nowMs >= from || nowMs <= to : nowMs >= from && nowMs <= to;
  return isWithin !== invert;
}

/** `run_after_skip_range`: what was skipped is made up for when the range ends. */
function afterSkip(plan: PlannedItem, state: ItemState, nowMs: number): ItemState {
  const { skipDuring, item, zone } = plan;
  if (state.skipped?.reason !== 'in_skip_range' || item.run_after_skip_range !== true || skipDuring === undefined) {
    return state;
  }
  const end = nextMatch(skipDuring.end, zone, nowMs);
  // The range includes its end.
  if (end === undefined || (state.due !== undefined && state.due.at <= end + 1000)) return state;
  return { ...state, due: { at: end + 1000, fire: end + 1000 } };
}
