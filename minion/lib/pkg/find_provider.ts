import { FleetError } from '../../../shared/errors.ts';
import type { MinionContext } from '../../context.ts';
import { apk } from './apk/apk.ts';
import { apt } from './apt/apt.ts';
import { opkg } from './opkg/opkg.ts';
import { pacman } from './pacman/pacman.ts';
import type { PkgProvider, ProviderOption } from './provider.ts';
import { dnf } from './rpm/dnf.ts';
import { zypper } from './rpm/zypper.ts';

const providers: readonly PkgProvider[] = [apt, dnf, zypper, apk, opkg, pacman];

/**
 * The package manager of this machine: that of its family when it is there, else any that is, since derivatives have
 * families of their own. Undefined when it is none that is known.
 */
export function findPkgProvider(context: MinionContext): PkgProvider | undefined {
  const family = String(context.grains.all().os_family ?? '');
  const here = providers.filter((provider) => provider.runsHere(context));
  return here.find(({ families }) => families.includes(family)) ?? here[0];
}

/** The same; throws MODULE_UNAVAILABLE. */
export function requirePkgProvider(context: MinionContext): PkgProvider {
  const provider = findPkgProvider(context);
  if (provider === undefined) throw new FleetError('MODULE_UNAVAILABLE', 'no package manager that is known');
  return provider;
}

/** A part of the contract that not every package manager has. Throws MODULE_UNAVAILABLE. */
export function requirePart<K extends keyof typeof LACKS>(
  context: MinionContext,
  part: K,
): NonNullable<PkgProvider[K]> {
  const provider = requirePkgProvider(context);
  const found = provider[part];
  if (found !== undefined) return found;
  throw new FleetError('MODULE_UNAVAILABLE', `${provider.program} ${LACKS[part]}`);
}

const LACKS = {
  listDownloaded: 'keeps no account here of the packages that it fetched',
  listOutdatedServices: 'does not tell here which services use files that were replaced',
  repoKeys: 'has no keys of repositories that can be seen and changed here: only apt has',
  showRecords: 'shows no records of its repositories here: only apt does',
  holds: 'cannot hold packages at their version',
  repos: 'keeps no repositories that can be seen and changed here',
  selections: 'keeps no selections of packages: only dpkg does',
  unneeded: 'does not tell here which packages are no longer needed',
} as const;

/** Throws ARGS_INVALID when something is asked for that this package manager cannot do. */
export function requireOptions(
  { program, options }: PkgProvider,
  asked: Readonly<Partial<Record<ProviderOption, unknown>>>,
): void {
  for (const [name, value] of Object.entries(asked)) {
    const isAsked = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
    if (!isAsked || options.some((option) => option === name)) continue;
    throw new FleetError('ARGS_INVALID', `${program} cannot do what ${name} asks for`, { hint: `leave out ${name}` });
  }
}
