import type { Clock } from '../../shared/clock.ts';
import { errorLine } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { ReturnPayload } from '../../shared/protocol/messages/return.ts';
import { countRule } from '../../shared/reactor/counted_rule.ts';
import { createDebounce } from '../../shared/reactor/debounce.ts';
import { findLocalFiles } from '../../shared/reactor/find_local_files.ts';
import { planReactions, type RenderFile } from '../../shared/reactor/plan_reactions.ts';
import { callName, type FunctionCall, REACTOR_USER, type Reaction } from '../../shared/reactor/reaction.ts';
import { toRules } from '../../shared/reactor/reactor_rules.ts';
import type { SeenEvent } from '../../shared/reactor/render_reactor_file.ts';
import { createSlots } from '../../shared/reactor/slots.ts';

/** Functions that reactions may have under way at a time: Salt's reactor_worker_threads. */
export const CALLS_MAX = 10;
/** Events that wait for their files to be rendered; beyond it they are not reacted to. */
export const WAITING_MAX = 1000;
/** Between two lines about events that were too many. */
const COMPLAIN_MS = 10_000;

/** What a minion does by itself when something happens on its own bus. */
export interface MinionReactor {
  heard(tag: string, data: Readonly<Record<string, unknown>>): void;
  /** Resolves when nothing is begun any more. */
  stop(): Promise<void>;
}

export interface MinionReactorOptions {
  /** `reactor` of the configuration. */
  readonly rules: readonly unknown[];
  readonly renderFile: RenderFile;
  /** Calls a function in the name of Reactor. Resolves to its return, when it is over and could be kept. */
  readonly call: (request: FunctionCall) => Promise<ReturnPayload | undefined>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** An event with the files of one or more rules. */
interface Work {
  readonly event: SeenEvent;
  readonly files: readonly string[];
}

/**
 * One event after another is rendered and its reactions are begun, in their order. Whatever fails is told in the log and
 * hurts itself alone. Nothing is kept: a minion's own bus forgets, and so does its reactor when it stops.
 */
export function createMinionReactor(options: MinionReactorOptions): MinionReactor {
  const { renderFile, call, clock, log } = options;
  const rules = toRules(options.rules).map((rule) => countRule(rule, clock));
  const slots = createSlots(CALLS_MAX);
  const complain = createComplaint(clock, log);
  let isStopped = false;
  let waiting = 0;
  let turn: Promise<void> = Promise.resolve();

  const perform = async (reaction: Reaction, { tag }: SeenEvent): Promise<void> => {
    const { file, id } = reaction;
    const failed = (reason: string, jid?: string): void =>
      log.error('a reaction failed', { tag, file, id, call: callName(reaction), ...(jid && { jid }), reason });
    if (reaction.kind !== 'caller') return failed(NOT_HERE);
    const release = await slots.take();
    call(reaction.request)
      .then((result) => {
        if (result !== undefined && result.success !== true) failed(reasonOf(result), result.jid);
      })
      .catch((error: unknown) => failed(errorLine(error)))
      .finally(release);
  };
  const react = async ({ files, event }: Work): Promise<void> => {
    if (isStopped) return;
    const { tag } = event;
    const plan = await planReactions(files, event, { findFiles: findLocalFiles, renderFile });
    for (const { file, id, message } of plan.problems) {
      log.error('a reactor file cannot be followed', { tag, file, ...(id && { id }), reason: message });
    }
    for (const [id, names] of plan.sharedIds) {
      log.warning('an id stands in several reactor files; all of them run', { id, files: names });
    }
    for (const reaction of plan.reactions) await perform(reaction, event);
  };
  const accept = (work: Work): void => {
    if (waiting >= WAITING_MAX) {
      complain('events come faster than the reactor can follow: they are not reacted to', work.event.tag);
      return;
    }
    waiting++;
    turn = turn
      .then(() => react(work))
      .catch((error: unknown) => {
        if (!isStopped) log.error('an event was not reacted to', { tag: work.event.tag, reason: errorLine(error) });
      })
      .finally(() => waiting--);
  };
  const debounce = createDebounce<Work>(clock, { settled: accept, superseded: () => undefined });

  return {
    heard(tag, data) {
      if (isStopped || data.user === REACTOR_USER) return;
      const matched = rules.filter((rule) => rule.matches(tag));
      const allowed = matched.filter((rule) => rule.mayReact());
      if (allowed.length < matched.length) complain('a rule of the reactor is over its rate limit', tag);
      const event = { tag, data };
      for (const { tag: glob, files, debounceMs } of allowed) {
        if (debounceMs !== undefined) debounce.offer(`${glob} ${tag}`, { event, files }, debounceMs);
      }
      const files = allowed.filter(({ debounceMs }) => debounceMs === undefined).flatMap((rule) => rule.files);
      if (files.length > 0) accept({ event, files });
    },
    async stop() {
      isStopped = true;
      debounce.stop();
      slots.stop();
      await turn;
    },
  };
}

const NOT_HERE =
  "a minion's reactor only calls functions of the minion: write caller.<function>, or let the master react (forward_local_events)";

function reasonOf({ error, ended, retcode }: ReturnPayload): string {
  return error?.message ?? ended ?? `it ended with return code ${retcode}`;
}

/** A line about what was left out, not for each event. */
function createComplaint(clock: Clock, log: Logger): (message: string, tag: string) => void {
  const told = new Map<string, { count: number; atMs: number }>();
  return (message, tag) => {
    const nowMs = clock.monotonicMs();
    const before = told.get(message);
    const count = (before?.count ?? 0) + 1;
    const isDue = before === undefined || nowMs - before.atMs >= COMPLAIN_MS;
    told.set(message, { count, atMs: isDue ? nowMs : before.atMs });
    if (isDue) log.warning(message, { tag, not_reacted_to: count });
  };
}
