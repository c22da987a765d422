import type { MinionContext } from '../../context.ts';
import type { AptProvider } from './apt.ts';

export interface HoldResult {
  readonly name: string;
  readonly changes: { readonly old: string; readonly new: string } | Readonly<Record<string, never>>;
  readonly result: boolean;
  readonly comment: string;
}

/** Holds packages at their version, or lets them go. Packages that are not known are told of, not thrown. */
export async function holdPackages(
  context: MinionContext,
  provider: AptProvider,
  names: readonly string[],
  hold: boolean,
): Promise<Readonly<Record<string, HoldResult>>> {
  const selections = await provider.listSelections(context);
  const results: Record<string, HoldResult> = {};
  for (const name of names) {
    const selection = selections.get(name);
    if (selection !== undefined && (selection === 'hold') !== hold) await provider.setHold(context, name, hold);
    results[name] = holdResult(name, selection, hold);
  }
  return results;
}

function holdResult(name: string, selection: string | undefined, hold: boolean): HoldResult {
  if (selection === undefined) {
    return { name, changes: {}, result: false, comment: `Package ${name} does not have a state.` };
  }
  if ((selection === 'hold') === hold) {
    const state = hold ? 'already set to be held' : 'already set not to be held';
    return { name, changes: {}, result: true, comment: `Package ${name} is ${state}.` };
  }
  return {
    name,
    changes: { old: selection, new: hold ? 'hold' : 'install' },
    result: true,
    comment: `Package ${name} is ${hold ? 'now' : 'no longer'} being held.`,
  };
}
