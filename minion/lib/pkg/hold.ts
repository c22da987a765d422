import type { MinionContext } from '../../context.ts';
import type { PkgHolds } from './provider.ts';

export interface HoldResult {
  readonly name: string;
  readonly changes: { readonly old: string; readonly new: string } | Readonly<Record<string, never>>;
  readonly result: boolean;
  readonly comment: string;
}

/** Holds packages at their version, or lets them go. Packages that are not known are told of, not thrown. */
export async function holdPackages(
  context: MinionContext,
  holds: PkgHolds,
  names: readonly string[],
  hold: boolean,
): Promise<Readonly<Record<string, HoldResult>>> {
  const states = await holds.readStates(context);
  const results: Record<string, HoldResult> = {};
  for (const name of names) {
    const state = states.get(name);
    if (state !== undefined && (state === 'hold') !== hold) await holds.setHold(context, name, hold);
    results[name] = holdResult(name, state, hold ? 'hold' : holds.freeState, hold);
  }
  return results;
}

function holdResult(name: string, state: string | undefined, after: string, hold: boolean): HoldResult {
  if (state === undefined) {
    return { name, changes: {}, result: false, comment: `Package ${name} does not have a state.` };
  }
  if ((state === 'hold') === hold) {
    const words = hold ? 'already set to be held' : 'already set not to be held';
    return { name, changes: {}, result: true, comment: `Package ${name} is ${words}.` };
  }
  return {
    name,
    changes: { old: state, new: after },
    result: true,
    comment: `Package ${name} is ${hold ? 'now' : 'no longer'} being held.`,
  };
}
