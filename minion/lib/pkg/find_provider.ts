import type { MinionContext } from '../../context.ts';
import { apt } from './apt.ts';
import type { PkgProvider } from './provider.ts';

const providers: readonly PkgProvider[] = [apt];

/** The package manager of this machine; undefined when it is none that is known. */
export function findPkgProvider(context: MinionContext): PkgProvider | undefined {
  return providers.find((provider) => provider.runsHere(context));
}
