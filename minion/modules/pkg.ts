import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { AbsolutePath, Count, Flag, List, Text, TextList } from '../../shared/plugin/args.ts';
import { pyStr } from '../../shared/python_text.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { keywordOptions } from '../lib/keyword_options.ts';
import { type AptProvider, apt } from '../lib/pkg/apt.ts';
import { readAptSources } from '../lib/pkg/apt_sources.ts';
import { describePackages } from '../lib/pkg/describe_packages.ts';
import { findPkgProvider } from '../lib/pkg/find_provider.ts';
import { holdPackages } from '../lib/pkg/hold.ts';
import { installPackages } from '../lib/pkg/install_packages.ts';
import { latestVersions } from '../lib/pkg/latest_versions.ts';
import { packageFiles } from '../lib/pkg/package_files.ts';
import { presentTargets } from '../lib/pkg/present_targets.ts';
import type { Package, PkgProvider } from '../lib/pkg/provider.ts';
import { compareVersions } from '../lib/pkg/resolve_targets.ts';
import { packageName, parseTargets } from '../lib/pkg/targets.ts';
import { observeChanges, versionChanges, versionListsOf, versionsOf } from '../lib/pkg/version_changes.ts';

const flag = v.optional(Flag, false);
const yes = v.optional(Flag, true);
const age = v.optional(Count, 0);
const items = v.optional(List, []);
const REFRESH =
  'With refresh=True, which is the default, the package lists are fetched first, unless they are younger than\ncache_valid_time seconds.';

const latestVersion = fn({
  summary: 'Return the version of packages that could be installed or upgraded to.',
  description: `It is empty for a package that is up to date, unless show_installed=True.\n\n${REFRESH}`,
  args: {},
  varargs: true,
  varkw: true,
  returns: 'a text for one name, a mapping for several.',
  examples: ["salt '*' pkg.latest_version bash", "salt '*' pkg.latest_version bash fromrepo=unstable refresh=False"],
  async run(context, _args, { args, kwargs }) {
    const known = { fromrepo: v.optional(Text), show_installed: flag, refresh: yes, cache_valid_time: age };
    const options = keywordOptions(kwargs, known);
    const provider = providerOf(context);
    if (options.refresh) await provider.refresh(context, options.cache_valid_time);
    const { fromrepo: fromRepo, show_installed: showInstalled } = options;
    return oneOrAll(await latestVersions(context, provider, namesOf(args), { fromRepo, showInstalled }));
  },
});

export default defineModule({
  summary: 'See and change the installed packages, by apt.',
  unavailable: (context) =>
    findPkgProvider(context) === undefined ? 'no package manager that is known: there is no apt-get here' : undefined,
  functions: {
    list_pkgs: fn({
      summary: 'Return the installed packages and their versions.',
      description:
        'removed=True gives those whose configuration files are left instead, purge_desired=True those that are to be\n' +
        'purged and are still there. With attr (version, arch, or all) each version is a mapping of these.',
      args: { versions_as_list: flag, removed: flag, purge_desired: flag, attr: v.optional(TextList, []) },
      examples: [
        "salt '*' pkg.list_pkgs",
        "salt '*' pkg.list_pkgs versions_as_list=True",
        "salt '*' pkg.list_pkgs attr=all",
      ],
      reads: true,
      async run(context, { versions_as_list: asList, removed, purge_desired: purgeDesired, attr }) {
        const which = removed ? 'removed' : purgeDesired ? 'purge_desired' : 'installed';
        const packages = await providerOf(context).listPackages(context, which);
        if (attr.length > 0) return attributesOf(packages, attr);
        return asList ? versionListsOf(packages) : versionsOf(packages);
      },
    }),
    version: fn({
      summary: 'Return the installed version of packages, empty for those that are not installed.',
      description: 'A name can be a glob. With versions_as_list=True each version is a list.',
      args: {},
      varargs: true,
      varkw: true,
      returns: 'a text for one name, a mapping for several or for a glob.',
      examples: ["salt '*' pkg.version bash", "salt '*' pkg.version bash dash", "salt '*' pkg.version 'python3*'"],
      reads: true,
      async run(context, _args, { args, kwargs }) {
        const { versions_as_list: asList } = keywordOptions(kwargs, { versions_as_list: flag });
        const installed = versionListsOf(await providerOf(context).listPackages(context));
        const names = args.map((name) => pyStr(name));
        const wanted = names.flatMap((name) =>
          name.includes('*') ? Object.keys(installed).filter(globMatcher(name)) : [name],
        );
        const found = wanted.map((name) => [
          name,
          asList ? (installed[name] ?? []) : (installed[name] ?? []).join(','),
        ]);
        const versions = Object.fromEntries(found) as Readonly<Record<string, unknown>>;
        return names.some((name) => name.includes('*')) ? versions : oneOrAll(versions);
      },
    }),
    latest_version: latestVersion,
    available_version: { ...latestVersion, examples: ["salt '*' pkg.available_version bash"] },
    upgrade_available: fn({
      summary: 'Return whether there is a newer version of a package, or a version to install at all.',
      description: REFRESH,
      args: { name: Text, refresh: yes, cache_valid_time: age },
      examples: ["salt '*' pkg.upgrade_available bash"],
      async run(context, { name, refresh, cache_valid_time: ageSecondsMax }) {
        const provider = providerOf(context);
        if (refresh) await provider.refresh(context, ageSecondsMax);
        return (await latestVersions(context, provider, [packageName(name)]))[name] !== '';
      },
    }),
    list_upgrades: fn({
      summary: 'Return the packages that can be upgraded and their new versions.',
      description: REFRESH,
      args: { refresh: yes, dist_upgrade: yes, cache_valid_time: age, fromrepo: v.optional(Text) },
      examples: ["salt '*' pkg.list_upgrades", "salt '*' pkg.list_upgrades refresh=False"],
      async run(context, { refresh, dist_upgrade: distUpgrade, cache_valid_time: ageSecondsMax, fromrepo }) {
        const provider = providerOf(context);
        if (refresh) await provider.refresh(context, ageSecondsMax);
        return provider.listUpgrades(context, distUpgrade, fromrepo);
      },
    }),
    list_repo_pkgs: fn({
      summary: 'Return all versions of packages in the repositories, newest first.',
      args: {},
      varargs: true,
      examples: ["salt '*' pkg.list_repo_pkgs bash dash"],
      reads: true,
      run(context, _args, { args }) {
        if (args.length === 0) throw new FleetError('ARGS_INVALID', 'no package is named', { hint: 'name some' });
        return providerOf(context).listAvailable(context, namesOf(args));
      },
    }),
    version_cmp: fn({
      summary: 'Compare two versions: -1 when the first is older, 0 when they are equal, 1 when it is newer.',
      args: { pkg1: Text, pkg2: Text, ignore_epoch: flag },
      examples: ["salt '*' pkg.version_cmp 0.2.4-0ubuntu1 0.2.4.1-0ubuntu1"],
      reads: true,
      run: (context, { pkg1, pkg2, ignore_epoch: ignoreEpoch }) =>
        compareVersions(providerOf(context), pkg1, pkg2, ignoreEpoch),
    }),
    file_list: fn({
      summary: 'Return the files of packages, of all packages when none is named.',
      args: {},
      varargs: true,
      examples: ["salt '*' pkg.file_list bash"],
      reads: true,
      async run(context, _args, { args }) {
        const { errors, packages } = await packageFiles(context, providerOf(context), namesOf(args));
        return { errors, files: [...new Set(Object.values(packages).flat())].sort() };
      },
    }),
    file_dict: fn({
      summary: 'Return the files of packages by package, of all packages when none is named.',
      args: {},
      varargs: true,
      examples: ["salt '*' pkg.file_dict bash dash"],
      reads: true,
      run: (context, _args, { args }) => packageFiles(context, providerOf(context), namesOf(args)),
    }),
    owner: fn({
      summary: 'Return the packages that own files, empty for those that no package owns.',
      args: {},
      varargs: true,
      returns: 'a text for one path, a mapping for several.',
      examples: ["salt '*' pkg.owner /bin/bash", "salt '*' pkg.owner /bin/bash /bin/dash"],
      reads: true,
      async run(context, _args, { args }) {
        const owners: Record<string, string> = {};
        for (const path of args.map((item) => v.parse(Text, item))) {
          owners[path] = await providerOf(context).findOwner(context, path);
        }
        return oneOrAll(owners);
      },
    }),
    info_installed: fn({
      summary: 'Return what is known of installed packages, of all when none is named.',
      description:
        'attr limits it to some members. failhard=False leaves out what is not installed instead of failing.',
      args: {},
      varargs: true,
      varkw: true,
      examples: [
        "salt '*' pkg.info_installed bash",
        "salt '*' pkg.info_installed bash dash failhard=False attr=version",
      ],
      reads: true,
      run(context, _args, { args, kwargs }) {
        const { failhard, attr } = keywordOptions(kwargs, { failhard: yes, attr: v.optional(TextList, []) });
        return describePackages(context, providerOf(context), namesOf(args), { isStrict: failhard, members: attr });
      },
    }),
    get_selections: fn({
      summary: 'Return the packages by what is chosen for them: install, hold, deinstall or purge.',
      args: { pattern: v.optional(Text, '*'), state: v.optional(Text) },
      examples: ["salt '*' pkg.get_selections", "salt '*' pkg.get_selections 'openssh*' state=hold"],
      reads: true,
      async run(context, { pattern, state }) {
        const matches = globMatcher(pattern);
        const selections: Record<string, string[]> = {};
        for (const [name, selection] of await aptOf(context).listSelections(context)) {
          if (matches(name)) selections[selection] = [...(selections[selection] ?? []), name];
        }
        return state === undefined ? selections : { [state]: selections[state] ?? [] };
      },
    }),
    list_repos: fn({
      summary: 'Return the sources of packages by address, the disabled too.',
      args: {},
      examples: ["salt '*' pkg.list_repos"],
      reads: true,
      async run(context) {
        aptOf(context);
        const sources = await readAptSources(context.root);
        const uris = [...new Set(sources.map(({ uri }) => uri))];
        return Object.fromEntries(uris.map((uri) => [uri, sources.filter((source) => source.uri === uri)]));
      },
    }),
    refresh_db: fn({
      summary: 'Fetch the lists of packages anew.',
      args: { cache_valid_time: age, failhard: flag },
      returns: 'for each source True when it was fetched, None when it was current, False when it failed.',
      examples: ["salt '*' pkg.refresh_db"],
      async run(context, { cache_valid_time: ageSecondsMax, failhard }) {
        const results = await providerOf(context).refresh(context, ageSecondsMax);
        const failed = Object.keys(results).filter((name) => results[name] === false);
        if (failhard && failed.length > 0) {
          throw new FleetError('COMMAND_FAILED', `error getting repos: ${failed.join(', ')}`);
        }
        return results;
      },
    }),
    install: fn({
      summary: 'Install packages, or upgrade those that are installed.',
      description:
        'pkgs is a list of names or of name: version; a version may be a condition such as >=1.2. sources is a list of\n' +
        'name: path of package files on the minion. debconf is a file of answers to load first.',
      args: {
        name: v.optional(Text),
        refresh: flag,
        fromrepo: v.optional(Text),
        skip_verify: flag,
        debconf: v.optional(AbsolutePath),
        pkgs: items,
        sources: items,
        reinstall: flag,
        downloadonly: flag,
        ignore_epoch: flag,
        version: v.optional(Text),
        install_recommends: yes,
        only_upgrade: flag,
        force_conf_new: flag,
        cache_valid_time: age,
      },
      returns: 'for each package that changed its old and new version.',
      examples: [
        "salt '*' pkg.install tmux",
        "salt '*' pkg.install pkgs='[tmux, {htop: 3.2.2-2}]'",
        "salt '*' pkg.install sources='[{foo: /tmp/foo.deb}]'",
      ],
      async run(context, args) {
        const provider = providerOf(context);
        if (args.refresh) await provider.refresh(context, args.cache_valid_time);
        if (args.debconf !== undefined) await aptOf(context).loadDebconf(context, args.debconf);
        const { name, version, pkgs, sources, ignore_epoch: ignoreEpoch } = args;
        const options = {
          fromRepo: args.fromrepo,
          skipVerify: args.skip_verify,
          reinstall: args.reinstall,
          downloadOnly: args.downloadonly,
          installRecommends: args.install_recommends,
          onlyUpgrade: args.only_upgrade,
          forceConfNew: args.force_conf_new,
        };
        return installPackages(context, provider, { name, version, pkgs, sources, ignoreEpoch, options });
      },
    }),
    remove: fn({
      summary: 'Remove packages and keep their configuration files.',
      args: { name: v.optional(Text), pkgs: items },
      returns: 'for each package that changed its old and new version.',
      examples: [
        "salt '*' pkg.remove tmux",
        "salt '*' pkg.remove tmux,htop",
        "salt '*' pkg.remove pkgs='[tmux, htop]'",
      ],
      async run(context, { name, pkgs }) {
        const provider = providerOf(context);
        const targets = await presentTargets(context, provider, name, pkgs, ['installed']);
        if (targets.length === 0) return {};
        return (await observeChanges(context, provider, () => provider.remove(context, targets, false))).changes;
      },
    }),
    purge: fn({
      summary: 'Remove packages and their configuration files.',
      args: { name: v.optional(Text), pkgs: items },
      returns: 'what changed among the installed packages and among the removed ones.',
      examples: ["salt '*' pkg.purge tmux", "salt '*' pkg.purge pkgs='[tmux, htop]'"],
      async run(context, { name, pkgs }) {
        const provider = providerOf(context);
        const targets = await presentTargets(context, provider, name, pkgs, ['installed', 'removed']);
        if (targets.length === 0) return {};
        const before = versionsOf(await provider.listPackages(context, 'removed'));
        const { changes } = await observeChanges(context, provider, () => provider.remove(context, targets, true));
        const after = versionsOf(await provider.listPackages(context, 'removed'));
        return { installed: changes, removed: versionChanges(before, after) };
      },
    }),
    autoremove: fn({
      summary: 'Remove packages that were installed for others and are no longer needed.',
      args: { list_only: flag, purge: flag },
      returns: 'with list_only=True, the names of those packages.',
      examples: ["salt '*' pkg.autoremove", "salt '*' pkg.autoremove list_only=True"],
      async run(context, { list_only: listOnly, purge }) {
        const provider = aptOf(context);
        if (listOnly) return provider.listUnneeded(context);
        return (await observeChanges(context, provider, () => provider.removeUnneeded(context, purge))).changes;
      },
    }),
    upgrade: fn({
      summary: 'Upgrade all packages.',
      description: `dist_upgrade=True also installs and removes packages for it.\n\n${REFRESH}`,
      args: { refresh: yes, dist_upgrade: flag, cache_valid_time: age, downloadonly: flag, force_conf_new: flag },
      returns: 'for each package that changed its old and new version.',
      examples: ["salt '*' pkg.upgrade", "salt '*' pkg.upgrade dist_upgrade=True"],
      async run(context, { refresh, cache_valid_time: ageSecondsMax, ...args }) {
        const provider = providerOf(context);
        if (refresh) await provider.refresh(context, ageSecondsMax);
        const { dist_upgrade: distUpgrade, downloadonly: downloadOnly, force_conf_new: forceConfNew } = args;
        const upgrade = () => provider.upgrade(context, { distUpgrade, downloadOnly, forceConfNew });
        return (await observeChanges(context, provider, upgrade)).changes;
      },
    }),
    hold: fn({
      summary: 'Keep packages at their version: they will not be upgraded.',
      args: { name: v.optional(Text), pkgs: items, sources: items },
      examples: ["salt '*' pkg.hold tmux", "salt '*' pkg.hold pkgs='[tmux, htop]'"],
      run: (context, args) => hold(context, args, true),
    }),
    unhold: fn({
      summary: 'Let packages be upgraded again.',
      args: { name: v.optional(Text), pkgs: items, sources: items },
      examples: ["salt '*' pkg.unhold tmux", "salt '*' pkg.unhold pkgs='[tmux, htop]'"],
      run: (context, args) => hold(context, args, false),
    }),
  },
});

function providerOf(context: MinionContext): PkgProvider {
  const provider = findPkgProvider(context);
  if (provider === undefined) throw new FleetError('MODULE_UNAVAILABLE', 'no package manager that is known');
  return provider;
}

function aptOf(context: MinionContext): AptProvider {
  if (providerOf(context) === apt) return apt;
  throw new FleetError('MODULE_UNAVAILABLE', 'only apt can do this, and it is not here');
}

function namesOf(args: readonly unknown[]): string[] {
  return args.map((name) => packageName(pyStr(name)));
}

/** Salt gives the value alone when one thing was asked for. */
function oneOrAll(values: Readonly<Record<string, unknown>>): unknown {
  const all = Object.values(values);
  if (all.length === 0) return '';
  return all.length === 1 ? all[0] : values;
}

/** Of each package only the members that were asked for. */
function attributesOf(packages: readonly Package[], attr: readonly string[]) {
  const result: Record<string, Partial<Package>[]> = {};
  for (const { name, version, arch } of packages) {
    const wanted = Object.entries({ version, arch }).filter(([key]) => attr.includes('all') || attr.includes(key));
    result[name] = [...(result[name] ?? []), Object.fromEntries(wanted)];
  }
  return result;
}

interface HoldArgs {
  readonly name?: string | undefined;
  readonly pkgs: readonly unknown[];
  readonly sources: readonly unknown[];
}

function hold(context: MinionContext, { name, pkgs, sources }: HoldArgs, keep: boolean) {
  if (pkgs.length > 0 && sources.length > 0) {
    throw new FleetError('ARGS_INVALID', 'only one of pkgs or sources can be specified');
  }
  const targets = parseTargets(name, undefined, [...pkgs, ...sources]);
  const names = targets.map((target) => target.name);
  return holdPackages(context, aptOf(context), names, keep);
}
