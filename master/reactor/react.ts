import type { LogFields } from '../../shared/log.ts';
import { type FindReactorFiles, planReactions, type RenderFile } from '../../shared/reactor/plan_reactions.ts';
import { callName, type Reaction } from '../../shared/reactor/reaction.ts';
import type { Performer } from './perform_reaction.ts';
import type { ReactedEvent, ReactionRecord } from './reaction_store.ts';

export interface ReactOptions {
  readonly findFiles: FindReactorFiles;
  readonly renderFile: RenderFile;
  readonly performer: Performer;
  readonly warn: (message: string, fields: LogFields) => void;
}

/** Which of a file's reactions; left out: all. */
export interface Wanted {
  readonly id: string;
  /** `local.state.apply`; empty: whatever the id calls. */
  readonly call: string;
}

/** Renders files for an event and hands over what they want. Resolves when that is durable, to how each will have ended. */
export type React = (
  files: readonly string[],
  event: ReactedEvent,
  wanted?: Wanted,
) => Promise<readonly Promise<ReactionRecord>[]>;

export function createReact({ performer, warn, ...sources }: ReactOptions): React {
  return async (files, event, wanted) => {
    const plan = await planReactions(files, event, sources);
    for (const [id, names] of plan.sharedIds) {
      warn('an id stands in several reactor files; all of them run', { id, files: names });
    }
    const ends: Promise<ReactionRecord>[] = [];
    for (const problem of plan.problems) {
      if (wanted !== undefined && wanted.id !== '' && wanted.id !== problem.id) continue;
      const record = await performer.refuse(problem, event);
      if (record !== undefined) ends.push(Promise.resolve(record));
    }
    for (const reaction of plan.reactions) {
      if (!isWanted(reaction, wanted)) continue;
      const handed = await performer.perform(reaction, event);
      if (handed !== undefined) ends.push(handed.ended);
    }
    return ends;
  };
}

function isWanted(reaction: Reaction, wanted: Wanted | undefined): boolean {
  if (wanted === undefined || wanted.id === '') return true;
  return reaction.id === wanted.id && (wanted.call === '' || wanted.call === callName(reaction));
}
