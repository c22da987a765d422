import type { MinionContext } from '../../context.ts';
import type { PkgProvider } from './provider.ts';

/** Salt's answer of `pkg.file_dict`: what could not be found stands among the errors. */
export interface PackageFiles {
  readonly errors: readonly string[];
  readonly packages: Readonly<Record<string, readonly string[]>>;
}

/** The files of these packages, of all packages when none is named. */
export async function packageFiles(
  context: MinionContext,
  provider: PkgProvider,
  names: readonly string[],
): Promise<PackageFiles> {
  const packages = await provider.listFiles(context, names);
  const missing = names.filter((name) => packages[name] === undefined);
  return { errors: missing.map((name) => `package ${name} is not installed`), packages };
}
