import { FleetError } from '../errors.ts';
import type { TargetExpression, TargetType } from '../protocol/fields.ts';
import { globMatcher } from './glob.ts';

/** What a target looks at: the same on the master, which predicts, and on the minion, which decides. */
export interface TargetFacts {
  readonly id: string;
}

/** Compiles a target once, to be asked of many minions. Throws TARGET_INVALID. */
export async function matcherOf(tgt: TargetExpression, tgtType: TargetType): Promise<(facts: TargetFacts) => boolean> {
  switch (tgtType) {
    case 'glob': {
      const matches = globMatcher(oneText(tgt, 'glob'));
      return ({ id }) => matches(id);
    }
    case 'pcre': {
      // Loaded when it is wanted: the engine is large, and most minions never see a regular expression.
      const { compileRegex } = await import('./regex.ts');
      const regex = compileRegex(oneText(tgt, 'pcre'));
      // Anchored at the start only, as Python's re.match (TGT-2).
      return ({ id }) => regex.matchesStart(id);
    }
    case 'list': {
      const ids = new Set(listedIds(tgt));
      return ({ id }) => ids.has(id);
    }
  }
}

/** The names of a list target. */
export function listedIds(tgt: TargetExpression): string[] {
  return typeof tgt === 'string' ? tgt.split(',').map((id) => id.trim()) : tgt;
}

function oneText(tgt: TargetExpression, kind: string): string {
  if (typeof tgt === 'string' && tgt !== '') return tgt;
  throw new FleetError('TARGET_INVALID', `a ${kind} target must be one text that is not empty`);
}
