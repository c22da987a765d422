import * as v from 'valibot';

/** What a minion may spend of the master's time: a target of an operator may be sixteen times as long. */
const LIMITS = { characters: 4096, words: 1000 } as const;

/** A target that a minion gives, to be matched by the master. */
export const MinionTarget = v.union(
  [
    v.pipe(v.string(), v.maxLength(LIMITS.characters)),
    v.pipe(v.array(v.pipe(v.string(), v.maxLength(256))), v.maxLength(LIMITS.words)),
  ],
  `a target of a minion must be a text of at most ${LIMITS.characters} characters or a list of at most ${LIMITS.words}`,
);
