import type { MinionContext } from '../../context.ts';
import type { DownloadedPackages } from './downloaded_packages.ts';
import type { OpenPgpKey } from './open_pgp.ts';
import type { Target } from './targets.ts';

export interface Package {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
}

export type PackageInfo = Readonly<Record<string, unknown>>;

/** Package name to version. */
export type Versions = Readonly<Record<string, string>>;

/** Package name to several versions, or to several files. */
export type Lists = Readonly<Record<string, readonly string[]>>;

/** Package name to version to the fields of its record. */
export type PackageRecords = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;

/** Arguments by Salt's names that not every package manager can honour. */
export type ProviderOption =
  | 'debconf'
  | 'disablerepo'
  | 'dist_upgrade'
  | 'downloadonly'
  | 'enablerepo'
  | 'force_conf_new'
  | 'fromrepo'
  | 'only_upgrade'
  | 'pkgs'
  | 'reinstall'
  | 'skip_verify';

/** The repositories that a question or a change is about; without any of them those that are enabled. */
export interface RepoChoice {
  /** This one alone. */
  readonly fromRepo?: string | undefined;
  readonly enableRepo?: readonly string[];
  readonly disableRepo?: readonly string[];
}

/** What `install` is to do beside the names. */
export interface InstallOptions extends RepoChoice {
  /** Packages of the repositories; none when there are files. */
  readonly targets: readonly Target[];
  /** Absolute paths of package files. */
  readonly files: readonly string[];
  /** What is installed now. */
  readonly installed: Lists;
  readonly skipVerify?: boolean;
  readonly reinstall?: boolean;
  readonly downloadOnly?: boolean;
  readonly installRecommends?: boolean;
  readonly onlyUpgrade?: boolean;
  readonly forceConfNew?: boolean;
}

export interface UpgradeOptions extends RepoChoice {
  /** These packages alone; all when there are none. */
  readonly names: readonly string[];
  /** Also what needs packages to be installed or removed. */
  readonly distUpgrade: boolean;
  readonly downloadOnly?: boolean;
  readonly skipVerify?: boolean;
  readonly forceConfNew?: boolean;
}

/** True: fetched anew; null: was already current; false: failed. By source, where the package manager tells so much. */
export type RefreshResult = Readonly<Record<string, boolean | null>> | boolean | null;

/** Packages that stay at their version. */
export interface PkgHolds {
  /** The state of a package that is not held: `install` for dpkg, empty for those that have no word for it. */
  readonly freeState: string;
  /** For each package that can be held its state: `hold` or another. */
  readStates(context: MinionContext): Promise<ReadonlyMap<string, string>>;
  /** The held packages; `full` as the package manager writes them, with versions where it has them. */
  listHeld(context: MinionContext): Promise<readonly { readonly name: string; readonly full: string }[]>;
  setHold(context: MinionContext, name: string, hold: boolean): Promise<void>;
}

/** How `PkgRepos.modify` gets what its settings name. */
export interface RepoChange {
  readonly saltenv: string;
  readonly aptkey: boolean;
}

/** The repositories as they stand in files, the disabled too. What they are called and have is Salt's. */
export interface PkgRepos {
  /** What `refresh` of `pkg.mod_repo` is: to fetch the lists by default, when it is asked for, or a setting. */
  readonly refresh: 'always' | 'asked' | 'setting';
  list(context: MinionContext): Promise<Readonly<Record<string, unknown>>>;
  /** Empty when there is none. */
  get(context: MinionContext, repo: string): Promise<Readonly<Record<string, unknown>>>;
  /** Changes a repository or adds it. Throws ARGS_INVALID for settings that it does not know. */
  modify(
    context: MinionContext,
    repo: string,
    settings: Readonly<Record<string, unknown>>,
    how: RepoChange,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Throws COMMAND_FAILED when there is none. */
  remove(context: MinionContext, repo: string): Promise<unknown>;
}

/** Where keys of repositories are. */
export interface KeyPlace {
  /** With `apt-key`, where it is. */
  readonly aptkey: boolean;
  /** Absolute path of the folder that has them otherwise. */
  readonly keydir?: string | undefined;
}

/** One key, by the first of path, text and keyserver that is given. */
export interface NewRepoKey {
  /** Of a file that is here. */
  readonly path?: string | undefined;
  readonly text?: string | undefined;
  readonly keyserver?: string | undefined;
  /** Hexadecimal digits. */
  readonly keyid?: string | undefined;
  /** Name of the file to be. */
  readonly keyfile?: string | undefined;
}

/** The keys that repositories are signed with. False: it could not be done, and the log says why, as in Salt. */
export interface PkgRepoKeys {
  list(context: MinionContext, place: KeyPlace): Promise<Readonly<Record<string, OpenPgpKey>> | false>;
  /** Throws ARGS_INVALID when it is not said where the key comes from. */
  add(context: MinionContext, place: KeyPlace, key: NewRepoKey): Promise<boolean>;
  /** The key id. */
  remove(context: MinionContext, place: KeyPlace, keyid: string): Promise<string | false>;
}

/** What was chosen for packages, which dpkg alone keeps. */
export interface PkgSelections {
  /** Package name to its selection: install, hold, deinstall, purge. */
  read(context: MinionContext): Promise<ReadonlyMap<string, string>>;
  set(context: MinionContext, selections: ReadonlyMap<string, string>): Promise<void>;
  /** Chooses all that are not required for removal; nothing is removed by it. */
  clear(context: MinionContext): Promise<void>;
}

/** What was installed for others that no longer need it. */
export interface PkgUnneeded {
  list(context: MinionContext): Promise<string[]>;
  remove(context: MinionContext, purge: boolean): Promise<void>;
}

/**
 * One package manager. What asks answers for unknown packages with nothing; what changes throws COMMAND_FAILED with the
 * package manager's own words.
 */
export interface PkgProvider {
  /** The name that `test.provider pkg` gives: Salt's file name. */
  readonly name: string;
  /** What operators call it. */
  readonly program: string;
  /** The grain `os_family` of the systems whose package manager it is. */
  readonly families: readonly string[];
  /** What it can honour; the rest is refused. */
  readonly options: readonly ProviderOption[];
  readonly holds?: PkgHolds;
  readonly repos?: PkgRepos;
  readonly repoKeys?: PkgRepoKeys;
  readonly selections?: PkgSelections;
  readonly unneeded?: PkgUnneeded;
  /** Removed packages leave configuration files, and it keeps account of them. */
  readonly keepsRemoved: boolean;
  runsHere(context: MinionContext): boolean;
  compareVersions(a: string, b: string): -1 | 0 | 1;
  /** A name that may have an architecture in it; without this names have none. */
  splitName?(name: string): { readonly name: string; readonly arch: string | undefined };
  /** Sorted by name. `removed`: configuration files are left; `purge_desired`: still there though to be purged. */
  listPackages(context: MinionContext, which?: 'installed' | 'removed' | 'purge_desired'): Promise<Package[]>;
  /** The versions that would be installed; a package that cannot be, or is current, may be left out. */
  listCandidates(context: MinionContext, names: readonly string[], choice: RepoChoice): Promise<Versions>;
  listUpgrades(context: MinionContext, distUpgrade: boolean, choice: RepoChoice): Promise<Versions>;
  /** All versions of these packages in the repositories, newest first; of all when none is named, if it can tell. */
  listAvailable(context: MinionContext, names: readonly string[]): Promise<Lists>;
  /** Of all packages when none is named; one that is not installed is left out. */
  listFiles(context: MinionContext, names: readonly string[]): Promise<Lists>;
  /** Empty when no package owns the path. */
  findOwner(context: MinionContext, path: string): Promise<string>;
  /** By the same rules; members have the names of Salt's `pkg.info_installed`. */
  describe(context: MinionContext, names: readonly string[]): Promise<Readonly<Record<string, PackageInfo>>>;
  /** Does nothing, and says {}, when the lists are younger than that. */
  refresh(context: MinionContext, ageSecondsMax: number): Promise<RefreshResult>;
  install(context: MinionContext, options: InstallOptions): Promise<void>;
  remove(context: MinionContext, names: readonly string[], purge: boolean): Promise<void>;
  upgrade(context: MinionContext, options: UpgradeOptions): Promise<void>;
  /** Package files that were fetched, below another root when one is given. */
  listDownloaded?(context: MinionContext, root: string): Promise<DownloadedPackages>;
  /** Services that use files which were replaced since, sorted. */
  listOutdatedServices?(context: MinionContext): Promise<string[]>;
  /** What the repositories say of packages: name to version to fields. */
  showRecords?(context: MinionContext, names: readonly string[]): Promise<PackageRecords>;
  loadDebconf?(context: MinionContext, path: string): Promise<void>;
}
