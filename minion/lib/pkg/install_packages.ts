import type { MinionContext } from '../../context.ts';
import type { InstallOptions, PkgProvider } from './provider.ts';
import { resolveTargets } from './resolve_targets.ts';
import { parseSources, parseTargets } from './targets.ts';
import { observeChanges, type VersionChanges } from './version_changes.ts';

/** What is to be installed, in Salt's words; `options` says how. */
export interface InstallRequest {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly pkgs: readonly unknown[];
  /** Package files, which win over all the others. */
  readonly sources: readonly unknown[];
  readonly ignoreEpoch: boolean;
  readonly options: Omit<InstallOptions, 'targets' | 'files' | 'installed'>;
}

/** Installs and says what changed. A package that was installed again at its version counts as changed. */
export async function installPackages(
  context: MinionContext,
  provider: PkgProvider,
  { name, version, pkgs, sources, ignoreEpoch, options }: InstallRequest,
): Promise<VersionChanges> {
  const wanted = sources.length > 0 ? [] : parseTargets(name, version, pkgs);
  const files = parseSources(sources);
  const targets = await resolveTargets(context, provider, wanted, ignoreEpoch);
  const { before, changes } = await observeChanges(context, provider, (installed) =>
    provider.install(context, { ...options, targets, files, installed }),
  );
  if (!options.reinstall) return changes;
  const again = wanted.flatMap((target) => {
    const same = before[target.name];
    return same === undefined ? [] : [[target.name, { old: same, new: same }] as const];
  });
  return { ...Object.fromEntries(again), ...changes };
}
