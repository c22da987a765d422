import type { MinionContext } from '../../context.ts';
import type { PkgProvider, RepoChoice, Versions } from './provider.ts';
import { versionListsOf } from './version_changes.ts';

export interface LatestOptions extends RepoChoice {
  /** Give the version also when it is installed already. */
  readonly showInstalled?: boolean;
}

/**
 * For each name the version that could be installed; empty when there is none, or none newer than what is installed.
 */
export async function latestVersions(
  context: MinionContext,
  provider: PkgProvider,
  names: readonly string[],
  { showInstalled = false, ...choice }: LatestOptions = {},
): Promise<Versions> {
  if (names.length === 0) return {};
  const installed = versionListsOf(await provider.listPackages(context));
  const candidates = await provider.listCandidates(context, names, choice);
  const latest = names.map((name) => {
    const versions = installed[name] ?? [];
    const candidate = candidates[name] ?? versions.at(-1) ?? '';
    const isCurrent = versions.some((version) => provider.compareVersions(version, candidate) >= 0);
    return [name, isCurrent && !showInstalled ? '' : candidate];
  });
  return Object.fromEntries(latest);
}
