import type { MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import type { PkgProvider } from './provider.ts';
import { type Target, versionConditions } from './targets.ts';

/**
 * Targets with plain versions: a condition such as `>=1.2` becomes the newest version in the repositories that meets
 * it. Throws COMMAND_FAILED when none does.
 */
export async function resolveTargets(
  context: MinionContext,
  provider: PkgProvider,
  targets: readonly Target[],
  ignoreEpoch: boolean,
): Promise<Target[]> {
  const compare = (a: string, b: string) => compareVersions(provider, a, b, ignoreEpoch);
  const resolved: Target[] = [];
  for (const { name, version } of targets) {
    const meets = version === undefined ? undefined : versionConditions(version, compare);
    if (meets === undefined) {
      resolved.push({ name, version });
      continue;
    }
    const available = (await provider.listAvailable(context, [name]))[name] ?? [];
    const found = available.find(meets);
    if (found === undefined) {
      const list = available.length === 0 ? 'it has no versions at all' : `it has ${available.join(', ')}`;
      throw commandFailed(`no version of ${name} in the repositories is ${version}`, list);
    }
    resolved.push({ name, version: found });
  }
  return resolved;
}

export function compareVersions(provider: PkgProvider, a: string, b: string, ignoreEpoch: boolean): -1 | 0 | 1 {
  return ignoreEpoch ? provider.compareVersions(withoutEpoch(a), withoutEpoch(b)) : provider.compareVersions(a, b);
}

function withoutEpoch(version: string): string {
  return version.slice(version.indexOf(':') + 1);
}
