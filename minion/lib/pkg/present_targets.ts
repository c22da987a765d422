import { globMatcher } from '../../../shared/target/glob.ts';
import type { MinionContext } from '../../context.ts';
import type { PkgProvider } from './provider.ts';
import { parseTargets } from './targets.ts';

/**
 * Those of the named packages that are there: to remove what is not would be an error to the package manager. A name may
 * be a glob.
 */
export async function presentTargets(
  context: MinionContext,
  provider: PkgProvider,
  name: string | undefined,
  pkgs: readonly unknown[],
  states: readonly ('installed' | 'removed')[],
): Promise<string[]> {
  const lists = await Promise.all(states.map((state) => provider.listPackages(context, state)));
  const present = new Set(lists.flat().map((item) => item.name));
  const wanted = parseTargets(name, undefined, pkgs).map((target) => target.name);
  const found = wanted.flatMap((target) =>
    target.includes('*') ? [...present].filter(globMatcher(target)) : [target].filter((item) => present.has(item)),
  );
  return [...new Set(found)];
}
