import { errorLine } from '../../shared/errors.ts';
import { type FindReactorFiles, planReactions, type RenderFile } from '../../shared/reactor/plan_reactions.ts';
import { callName, REACTOR_USER } from '../../shared/reactor/reaction.ts';
import type { EventData } from '../events/event_record.ts';
import type { Rulebook } from './reactor_rulebook.ts';
import { type TypedReactor, type TypedRunnerOptions, tryTypedReactor } from './run_typed_reactor.ts';

export interface TryOptions extends Pick<TypedRunnerOptions, 'onlyReads' | 'callRunner' | 'clock' | 'log'> {
  readonly rulebook: Pick<Rulebook, 'all'>;
  readonly typed: readonly TypedReactor[];
  readonly findFiles: FindReactorFiles;
  readonly renderFile: RenderFile;
}

/** What would be done about an event, without doing it. */
export async function tryEvent(tag: string, data: EventData, options: TryOptions): Promise<Record<string, unknown>> {
  const rules = options.rulebook.all().filter((rule) => rule.matches(tag));
  const reactors = options.typed.filter((reactor) => reactor.matches(tag));
  const event = { tag, data, cursor: 0, depth: 0, attempt: 0 };
  const files = rules.flatMap((rule) => rule.files);
  const plan = await planReactions(files, event, options);
  const tried: Record<string, readonly string[]> = {};
  for (const reactor of reactors) {
    tried[reactor.file] = await tryTypedReactor(reactor, event, options).catch((error: unknown) => [errorLine(error)]);
  }
  return {
    rules: rules.map((rule) => rule.tag),
    reactions: plan.reactions.map((reaction) => ({
      id: reaction.id,
      file: reaction.file,
      call: callName(reaction),
      ...shownRequest(reaction.request),
    })),
    ...(reactors.length > 0 && { reactors: tried }),
    problems: plan.problems.map(({ file, id, message }) => `${file}: ${id === undefined ? '' : `${id}: `}${message}`),
    ...(plan.sharedIds.size > 0 && { shared_ids: Object.fromEntries(plan.sharedIds) }),
    ...(data.user === REACTOR_USER && { note: `events of the user ${REACTOR_USER} are not reacted to` }),
  };
}

/** What a reaction asks for, without what goes without saying. */
function shownRequest(request: object): Record<string, unknown> {
  const { op: _op, fun: _fun, async: _async, ...shown } = request as Record<string, unknown>;
  const isEmpty = (value: unknown): boolean => value instanceof Object && Object.keys(value).length === 0;
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => !isEmpty(value)));
}
