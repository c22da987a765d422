import type { MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import type { PackageInfo, PkgProvider } from './provider.ts';

export interface DescribeOptions {
  /** Fail for a package that is not installed; else it is left out. */
  readonly isStrict: boolean;
  /** Only these members, or all when there are none. */
  readonly members: readonly string[];
}

/** What is known of these packages, of all packages when none is named. Throws COMMAND_FAILED. */
export async function describePackages(
  context: MinionContext,
  provider: PkgProvider,
  names: readonly string[],
  { isStrict, members }: DescribeOptions,
): Promise<Readonly<Record<string, PackageInfo>>> {
  const found = await provider.describe(context, names);
  const missing = names.filter((name) => found[name] === undefined);
  if (isStrict && missing.length > 0) throw commandFailed(`not installed: ${missing.join(', ')}`);
  if (members.length === 0) return found;
  return Object.fromEntries(Object.entries(found).map(([name, info]) => [name, pickMembers(info, members)]));
}

function pickMembers(info: PackageInfo, members: readonly string[]): PackageInfo {
  return Object.fromEntries(Object.entries(info).filter(([key]) => members.includes(key)));
}
