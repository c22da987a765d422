import type { LogFields } from '../../shared/log.ts';
import type { CountedRule } from '../../shared/reactor/counted_rule.ts';
import { REACTOR_USER } from '../../shared/reactor/reaction.ts';
import type { LoggedEvent } from '../events/event_record.ts';
import type { LoopGuard } from './loop_guard.ts';
import type { Performer } from './perform_reaction.ts';
import type { React } from './react.ts';
import type { ReactedEvent } from './reaction_store.ts';
import type { Work } from './reactor_engine.ts';
import type { Rulebook } from './reactor_rulebook.ts';
import type { RunTypedReactor, TypedReactor } from './run_typed_reactor.ts';

export interface MatcherOptions {
  readonly rulebook: Pick<Rulebook, 'all'>;
  readonly typed: readonly TypedReactor[];
  readonly guard: LoopGuard;
  readonly react: React;
  readonly runTyped: RunTypedReactor;
  readonly performer: Pick<Performer, 'refuse'>;
  readonly warn: (message: string, fields: LogFields) => void;
}

/** Decides what is to be done about an event, without doing it. */
export function createMatcher(options: MatcherOptions) {
  const { rulebook, typed, guard, warn } = options;
  const counts = { reactions_limited: 0, loops_stopped: 0 };

  const isLimited = (rule: CountedRule, tag: string): boolean => {
    rule.matched++;
    if (rule.mayReact()) return false;
    rule.limited++;
    counts.reactions_limited++;
    warn('a rule of the reactor is over its rate limit', { rule: rule.tag, tag, not_reacted_to: rule.limited });
    return true;
  };
  const refuseAll = async (event: ReactedEvent, files: readonly string[], message: string): Promise<void> => {
    counts.loops_stopped++;
    warn('an event is not reacted to', { tag: event.tag, reason: message });
    for (const file of files) await options.performer.refuse({ file, message }, event);
  };
  const workOf = (event: ReactedEvent, files: readonly string[], reactors: readonly TypedReactor[]): Work => {
    const refusal = guard.refusal(event.depth);
    return {
      async run() {
        if (refusal !== undefined) return refuseAll(event, [...files, ...reactors.map(({ file }) => file)], refusal);
        if (files.length > 0) await options.react(files, event);
        for (const reactor of reactors) await options.runTyped(reactor, event);
      },
    };
  };
  const match = (logged: LoggedEvent): readonly Work[] => {
    const { tag, cursor } = logged;
    const matched = rulebook.all().filter((rule) => rule.matches(tag));
    const reactors = typed.filter((reactor) => reactor.matches(tag));
    // Most events stop here; their data is not even read. The second is Salt's own rule against loops (RCT-6).
    if (matched.length + reactors.length === 0 || logged.data.user === REACTOR_USER) return [];
    const rules = matched.filter((rule) => !isLimited(rule, tag));
    const event = { tag, data: logged.data, cursor, depth: guard.depthOf(logged.data), attempt: 0 };
    const atOnce = rules.filter(({ debounceMs }) => debounceMs === undefined).flatMap(({ files }) => files);
    const later = rules.flatMap(({ tag: glob, files, debounceMs }) =>
      debounceMs === undefined
        ? []
        : [{ ...workOf(event, files, []), debounce: { key: `${glob} ${tag}`, quietMs: debounceMs } }],
    );
    return atOnce.length + reactors.length === 0 ? later : [workOf(event, atOnce, reactors), ...later];
  };
  return { match, counts: (): Readonly<typeof counts> => counts };
}
