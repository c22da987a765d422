import type { MinionContext } from '../../context.ts';
import type { Lists, Package, PkgProvider, Versions } from './provider.ts';

/** Salt's answer of everything that changes packages: an empty text is "not installed". */
export type VersionChanges = Readonly<Record<string, { readonly old: string; readonly new: string }>>;

/** What differs between two lists. */
export function versionChanges(before: Versions, after: Versions): VersionChanges {
  const changes: Record<string, { old: string; new: string }> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const change = { old: before[name] ?? '', new: after[name] ?? '' };
    if (change.old !== change.new) changes[name] = change;
  }
  return changes;
}

/** Package name to version; several versions of one package are joined by commas. */
export function versionsOf(packages: readonly Package[]): Versions {
  const lists = versionListsOf(packages);
  return Object.fromEntries(Object.entries(lists).map(([name, versions]) => [name, versions.join(',')]));
}

/** Package name to all of its installed versions. */
export function versionListsOf(packages: readonly Package[]): Lists {
  const lists: Record<string, string[]> = {};
  for (const { name, version } of packages) {
    const list = lists[name] ?? [];
    list.push(version);
    lists[name] = list;
  }
  return lists;
}

/** What a change of the installed packages did, found by looking before and after. */
export async function observeChanges(
  context: MinionContext,
  provider: PkgProvider,
  change: (installed: Lists) => Promise<void>,
): Promise<{ readonly before: Versions; readonly changes: VersionChanges }> {
  const packages = await provider.listPackages(context);
  await change(versionListsOf(packages));
  const before = versionsOf(packages);
  const after = versionsOf(await provider.listPackages(context));
  return { before, changes: versionChanges(before, after) };
}
