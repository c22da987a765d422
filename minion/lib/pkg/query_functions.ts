import { Text } from '../../../shared/plugin/args.ts';
import { pyStr } from '../../../shared/python_text.ts';
import { globMatcher } from '../../../shared/target/glob.ts';
import { fn } from '../../context.ts';
import { keywordOptions } from '../keyword_options.ts';
import { describePackages } from './describe_packages.ts';
import { requireOptions, requirePart, requirePkgProvider } from './find_provider.ts';
import { latestVersions } from './latest_versions.ts';
import {
  age,
  flag,
  namesOf,
  oneOrAll,
  REFRESH,
  repoChoice,
  repoEntries,
  repoOptions,
  texts,
  yes,
} from './pkg_arguments.ts';
import type { Package, PackageRecords } from './provider.ts';
import { compareVersions } from './resolve_targets.ts';
import { packageName } from './targets.ts';
import { versionListsOf, versionsOf } from './version_changes.ts';

const latestVersion = fn({
  summary: 'Return the version of packages that could be installed or upgraded to.',
  description: `It is empty for a package that is up to date, unless show_installed=True.\n\n${REFRESH}`,
  args: {},
  varargs: true,
  varkw: true,
  returns: 'a text for one name, a mapping for several.',
  examples: ["salt '*' pkg.latest_version bash", "salt '*' pkg.latest_version bash fromrepo=unstable refresh=False"],
  async run(context, _args, { args, kwargs }) {
    const known = { ...repoEntries, show_installed: flag, refresh: yes, cache_valid_time: age };
    const options = keywordOptions(kwargs, known);
    const provider = requirePkgProvider(context);
    requireOptions(provider, repoOptions(options));
    if (options.refresh) await provider.refresh(context, options.cache_valid_time);
    const choice = { ...repoChoice(options), showInstalled: options.show_installed };
    return oneOrAll(await latestVersions(context, provider, namesOf(args), choice));
  },
});

/** What looks at packages and changes nothing but the lists of them. */
export const queryFunctions = {
  list_pkgs: fn({
    summary: 'Return the installed packages and their versions.',
    description:
      'removed=True gives those whose configuration files are left instead, purge_desired=True those that are to be\n' +
      'purged and are still there. With attr (version, arch, or all) each version is a mapping of these.',
    args: { versions_as_list: flag, removed: flag, purge_desired: flag, attr: texts },
    examples: [
      "salt '*' pkg.list_pkgs",
      "salt '*' pkg.list_pkgs versions_as_list=True",
      "salt '*' pkg.list_pkgs attr=all",
    ],
    reads: true,
    async run(context, { versions_as_list: asList, removed, purge_desired: purgeDesired, attr }) {
      const which = removed ? 'removed' : purgeDesired ? 'purge_desired' : 'installed';
      const packages = await requirePkgProvider(context).listPackages(context, which);
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
      const installed = versionListsOf(await requirePkgProvider(context).listPackages(context));
      const names = args.map((name) => pyStr(name));
      const wanted = names.flatMap((name) =>
        name.includes('*') ? Object.keys(installed).filter(globMatcher(name)) : [name],
      );
      const found = wanted.map((name) => [name, asList ? (installed[name] ?? []) : (installed[name] ?? []).join(',')]);
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
      const provider = requirePkgProvider(context);
      if (refresh) await provider.refresh(context, ageSecondsMax);
      return (await latestVersions(context, provider, [packageName(name)]))[name] !== '';
    },
  }),
  list_upgrades: fn({
    summary: 'Return the packages that can be upgraded and their new versions.',
    description: REFRESH,
    args: { refresh: yes, dist_upgrade: yes, cache_valid_time: age, ...repoEntries },
    examples: ["salt '*' pkg.list_upgrades", "salt '*' pkg.list_upgrades refresh=False"],
    async run(context, { refresh, dist_upgrade: distUpgrade, cache_valid_time: ageSecondsMax, ...repos }) {
      const provider = requirePkgProvider(context);
      requireOptions(provider, repoOptions(repos));
      if (refresh) await provider.refresh(context, ageSecondsMax);
      return provider.listUpgrades(context, distUpgrade, repoChoice(repos));
    },
  }),
  list_repo_pkgs: fn({
    summary: 'Return all versions of packages in the repositories, newest first, of all packages when none is named.',
    args: {},
    varargs: true,
    examples: ["salt '*' pkg.list_repo_pkgs bash dash", "salt '*' pkg.list_repo_pkgs"],
    reads: true,
    run: (context, _args, { args }) => requirePkgProvider(context).listAvailable(context, namesOf(args)),
  }),
  show: fn({
    summary: 'Return what the repositories say of packages.',
    description:
      'filter is a list of fields, or their names with commas between them: the others are left out. Of a field of several\n' +
      'lines it is the first. The package lists are fetched when refresh=True.',
    args: {},
    varargs: true,
    varkw: true,
    returns: 'name to version to fields.',
    examples: ["salt '*' pkg.show gawk", "salt '*' pkg.show 'nginx-*' filter=description,provides"],
    async run(context, _args, { args, kwargs }) {
      const { filter, refresh } = keywordOptions(kwargs, { filter: texts, refresh: flag });
      const show = requirePart(context, 'showRecords');
      if (refresh) await requirePkgProvider(context).refresh(context, 0);
      return args.length === 0 ? {} : withFields(await show(context, namesOf(args)), filter);
    },
  }),
  services_need_restart: fn({
    summary: 'Return the services that use files which were replaced since they were started.',
    description:
      'For apt it needs checkrestart, of the package debian-goodies; for dnf its plugin needs-restarting and systemd.',
    args: {},
    examples: ["salt '*' pkg.services_need_restart"],
    reads: true,
    run: (context) => requirePart(context, 'listOutdatedServices')(context),
  }),
  version_cmp: fn({
    summary: 'Compare two versions: -1 when the first is older, 0 when they are equal, 1 when it is newer.',
    args: { pkg1: Text, pkg2: Text, ignore_epoch: flag },
    examples: ["salt '*' pkg.version_cmp 0.2.4-0ubuntu1 0.2.4.1-0ubuntu1"],
    reads: true,
    run: (context, { pkg1, pkg2, ignore_epoch: ignoreEpoch }) =>
      compareVersions(requirePkgProvider(context), pkg1, pkg2, ignoreEpoch),
  }),
  parse_arch: fn({
    summary: 'Return the name and the architecture that a name of a package has in it.',
    args: { name: Text },
    returns: 'name, and arch, which is None when there is none in it.',
    examples: ["salt '*' pkg.parse_arch zsh.x86_64", "salt '*' pkg.parse_arch zsh:arm64"],
    reads: true,
    run(context, { name }) {
      const split = requirePkgProvider(context).splitName?.(name);
      return { name: split?.name ?? name, arch: split?.arch ?? null };
    },
  }),
  normalize_name: fn({
    summary: 'Return the name of a package without its architecture, when that is the one of the machine.',
    args: { name: Text },
    examples: ["salt '*' pkg.normalize_name zsh.x86_64"],
    reads: true,
    run(context, { name }) {
      const split = requirePkgProvider(context).splitName?.(name);
      const own = ['all', 'noarch', String(context.grains.all().osarch ?? '')];
      return split?.arch !== undefined && own.includes(split.arch) ? split.name : name;
    },
  }),
  info_installed: fn({
    summary: 'Return what is known of installed packages, of all when none is named.',
    description: 'attr limits it to some members. failhard=False leaves out what is not installed instead of failing.',
    args: {},
    varargs: true,
    varkw: true,
    examples: ["salt '*' pkg.info_installed bash", "salt '*' pkg.info_installed bash dash failhard=False attr=version"],
    reads: true,
    run(context, _args, { args, kwargs }) {
      const { failhard, attr } = keywordOptions(kwargs, { failhard: yes, attr: texts });
      const options = { isStrict: failhard, members: attr };
      return describePackages(context, requirePkgProvider(context), namesOf(args), options);
    },
  }),
};

function withFields(records: PackageRecords, filter: readonly string[]): PackageRecords {
  const wanted = filter.flatMap((item) => item.split(',')).map((name) => name.trim().toLowerCase());
  if (wanted.length === 0) return records;
  const picked = (fields: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => wanted.includes(name.toLowerCase())));
  const versions = (all: PackageRecords[string]) =>
    Object.fromEntries(Object.entries(all).map(([version, fields]) => [version, picked(fields)]));
  return Object.fromEntries(Object.entries(records).map(([name, all]) => [name, versions(all)]));
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
