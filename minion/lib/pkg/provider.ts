import type { MinionContext } from '../../context.ts';

export interface Package {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
}

export type PackageInfo = Readonly<Record<string, unknown>>;

/** Package name to version. */
export type Versions = Readonly<Record<string, string>>;

/** What `install` is to do beside the names. */
export interface InstallOptions {
  /** Names, `name=version` or, with `isFiles`, paths of package files. */
  readonly targets: readonly string[];
  readonly fromRepo?: string | undefined;
  readonly skipVerify?: boolean;
  readonly reinstall?: boolean;
  readonly downloadOnly?: boolean;
  readonly installRecommends?: boolean;
  readonly onlyUpgrade?: boolean;
  readonly forceConfNew?: boolean;
  /** A version was asked for: going back to it is allowed. */
  readonly allowDowngrades?: boolean;
}

export interface UpgradeOptions {
  /** Also what needs packages to be installed or removed. */
  readonly distUpgrade: boolean;
  readonly downloadOnly?: boolean;
  readonly forceConfNew?: boolean;
}

/** True: fetched anew; null: was already current; false: failed. */
export type RefreshResult = Readonly<Record<string, boolean | null>>;

/**
 * One package manager. What asks answers for unknown packages with nothing; what changes throws COMMAND_FAILED with the
 * package manager's own words.
 */
export interface PkgProvider {
  /** The name that `test.provider pkg` gives: Salt's file name. */
  readonly name: string;
  runsHere(context: MinionContext): boolean;
  compareVersions(a: string, b: string): -1 | 0 | 1;
  /** Sorted by name. `removed`: configuration files are left; `purge_desired`: still there though to be purged. */
  listPackages(context: MinionContext, which?: 'installed' | 'removed' | 'purge_desired'): Promise<Package[]>;
  /** The versions that would be installed; a package that cannot be is left out. */
  listCandidates(context: MinionContext, names: readonly string[], fromRepo?: string): Promise<Versions>;
  listUpgrades(context: MinionContext, distUpgrade: boolean, fromRepo?: string): Promise<Versions>;
  /** All versions of these packages in the repositories, newest first. */
  listAvailable(context: MinionContext, names: readonly string[]): Promise<Readonly<Record<string, readonly string[]>>>;
  /** Of all packages when none is named; one that is not installed is left out. */
  listFiles(context: MinionContext, names: readonly string[]): Promise<Readonly<Record<string, readonly string[]>>>;
  /** Empty when no package owns the path. */
  findOwner(context: MinionContext, path: string): Promise<string>;
  /** By the same rules; members have the names of Salt's `pkg.info_installed`. */
  describe(context: MinionContext, names: readonly string[]): Promise<Readonly<Record<string, PackageInfo>>>;
  /** Does nothing when the lists are younger than that. */
  refresh(context: MinionContext, ageSecondsMax: number): Promise<RefreshResult>;
  install(context: MinionContext, options: InstallOptions): Promise<void>;
  remove(context: MinionContext, names: readonly string[], purge: boolean): Promise<void>;
  upgrade(context: MinionContext, options: UpgradeOptions): Promise<void>;
}
