import { errorLine } from '../errors.ts';
import { orderReactions, sharedIds } from './order_reactions.ts';
import { parseReactions } from './parse_reactions.ts';
import type { Reaction, ReactionProblem } from './reaction.ts';
import type { SeenEvent } from './render_reactor_file.ts';

/** A reactor file on this machine. */
export interface ReactorFile {
  /** As errors and the history name it: as the rule does, or the path a glob found. */
  readonly name: string;
  readonly path: string;
}

/** The files that a rule means by one of its references. Throws FILE_UNREADABLE when there is none. */
export type FindReactorFiles = (reference: string) => Promise<readonly ReactorFile[]>;

/** Rejects with what is wrong with the file, in words for its author. */
export type RenderFile = (file: ReactorFile, event: SeenEvent) => Promise<unknown>;

/** What some files want to be done about an event, and what of it cannot be done. */
export interface ReactionPlan {
  /** In the order in which they begin. */
  readonly reactions: readonly Reaction[];
  readonly problems: readonly ReactionProblem[];
  /** Ids that stand in several files, by id. */
  readonly sharedIds: ReadonlyMap<string, readonly string[]>;
}

/** An error of one file, or of one id, leaves all others alone. */
export async function planReactions(
  references: readonly string[],
  event: SeenEvent,
  { findFiles, renderFile }: { readonly findFiles: FindReactorFiles; readonly renderFile: RenderFile },
): Promise<ReactionPlan> {
  const problems: ReactionProblem[] = [];
  const reactions: Reaction[] = [];
  const seen = new Set<string>();
  const attempt = async (name: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      problems.push({ file: name, message: errorLine(error) });
    }
  };
  for (const reference of references) {
    await attempt(reference, async () => {
      for (const file of await findFiles(reference)) {
        // Two rules may name one file: once is what was meant.
        if (seen.has(file.path)) continue;
        seen.add(file.path);
        await attempt(file.name, async () => {
          const parsed = parseReactions(await renderFile(file, event), file.name);
          reactions.push(...parsed.reactions);
          problems.push(...parsed.problems);
        });
      }
    });
  }
  return { reactions: orderReactions(reactions), problems, sharedIds: sharedIds(reactions) };
}
