import type { MinionContext } from '../../context.ts';
import type { PkgProvider, Versions } from './provider.ts';
import { versionListsOf } from './version_changes.ts';

export interface LatestOptions {
  readonly fromRepo?: string | undefined;
  /** Give the version also when it is installed already. */
  readonly showInstalled?: boolean;
}

/** For each name the version that could be installed; empty when there is none, or none newer than what is installed. */
export async function latestVersions(
  context: MinionContext,
  provider: PkgProvider,
  names: readonly string[],
  { fromRepo, showInstalled = false }: LatestOptions = {},
): Promise<Versions> {
  if (names.length === 0) return {};
  const installed = versionListsOf(await provider.listPackages(context));
  const candidates = await provider.listCandidates(context, names, fromRepo);
  const latest = names.map((name) => {
    const candidate = candidates[name] ?? '';
    const isCurrent = (installed[name] ?? []).some((version) => provider.compareVersions(version, candidate) >= 0);
    return [name, isCurrent && !showInstalled ? '' : candidate];
  });
  return Object.fromEntries(latest);
}
