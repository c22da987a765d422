import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { AbsolutePath } from '../../../shared/plugin/args.ts';
import { fn } from '../../context.ts';
import { requireOptions, requirePart, requirePkgProvider } from './find_provider.ts';
import { installPackages } from './install_packages.ts';
import { age, flag, items, REFRESH, repoChoice, repoEntries, repoOptions, text, yes } from './pkg_arguments.ts';
import { presentTargets } from './present_targets.ts';
import { parseTargets } from './targets.ts';
import { observeChanges, versionChanges, versionsOf } from './version_changes.ts';

const CHANGED = 'for each package that changed its old and new version.';

/** What changes the installed packages. */
export const changeFunctions = {
  refresh_db: fn({
    summary: 'Fetch the lists of packages anew.',
    args: { cache_valid_time: age, failhard: flag },
    returns: 'for each source True when it was fetched, None when it was current, False when it failed.',
    examples: ["salt '*' pkg.refresh_db"],
    async run(context, { cache_valid_time: ageSecondsMax, failhard }) {
      const results = await requirePkgProvider(context).refresh(context, ageSecondsMax);
      const failed = Object.entries(results ?? {}).flatMap(([name, result]) => (result === false ? [name] : []));
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
      'name: path of package files on the minion. debconf is a file of answers to load first. What the package manager\n' +
      'of a minion cannot do is refused.',
    args: {
      name: text,
      refresh: flag,
      fromrepo: text,
      skip_verify: flag,
      debconf: v.optional(AbsolutePath),
      pkgs: items,
      sources: items,
      reinstall: flag,
      downloadonly: flag,
      ignore_epoch: flag,
      version: text,
      install_recommends: yes,
      only_upgrade: flag,
      force_conf_new: flag,
      cache_valid_time: age,
      enablerepo: repoEntries.enablerepo,
      disablerepo: repoEntries.disablerepo,
    },
    returns: CHANGED,
    examples: [
      "salt '*' pkg.install tmux",
      "salt '*' pkg.install pkgs='[tmux, {htop: 3.2.2-2}]'",
      "salt '*' pkg.install sources='[{foo: /tmp/foo.deb}]'",
    ],
    async run(context, args) {
      const provider = requirePkgProvider(context);
      const { debconf, reinstall, downloadonly, skip_verify, only_upgrade, force_conf_new } = args;
      const asked = { debconf, reinstall, downloadonly, skip_verify, only_upgrade, force_conf_new };
      requireOptions(provider, { ...asked, ...repoOptions(args) });
      if (args.refresh) await provider.refresh(context, args.cache_valid_time);
      if (debconf !== undefined) await provider.loadDebconf?.(context, debconf);
      const { name, version, pkgs, sources, ignore_epoch: ignoreEpoch } = args;
      const options = {
        ...repoChoice(args),
        skipVerify: skip_verify,
        reinstall,
        downloadOnly: downloadonly,
        installRecommends: args.install_recommends,
        onlyUpgrade: only_upgrade,
        forceConfNew: force_conf_new,
      };
      return installPackages(context, provider, { name, version, pkgs, sources, ignoreEpoch, options });
    },
  }),
  remove: fn({
    summary: 'Remove packages and keep their configuration files.',
    description: 'A name can be a glob, of which the installed packages count.',
    args: { name: text, pkgs: items },
    returns: CHANGED,
    examples: ["salt '*' pkg.remove tmux", "salt '*' pkg.remove tmux,htop", "salt '*' pkg.remove pkgs='[tmux, htop]'"],
    async run(context, { name, pkgs }) {
      const provider = requirePkgProvider(context);
      const targets = await presentTargets(context, provider, name, pkgs, ['installed']);
      if (targets.length === 0) return {};
      return (await observeChanges(context, provider, () => provider.remove(context, targets, false))).changes;
    },
  }),
  purge: fn({
    summary: 'Remove packages and their configuration files.',
    description: 'A name can be a glob, of which the installed and the removed packages count.',
    args: { name: text, pkgs: items },
    returns:
      'what changed; where the package manager keeps account of removed packages, which is dpkg, what changed among the ' +
      'installed packages and among the removed ones.',
    examples: ["salt '*' pkg.purge tmux", "salt '*' pkg.purge pkgs='[tmux, htop]'"],
    async run(context, { name, pkgs }) {
      const provider = requirePkgProvider(context);
      const { keepsRemoved } = provider;
      const states = keepsRemoved ? (['installed', 'removed'] as const) : (['installed'] as const);
      const targets = await presentTargets(context, provider, name, pkgs, states);
      if (targets.length === 0) return {};
      const before = keepsRemoved ? versionsOf(await provider.listPackages(context, 'removed')) : {};
      const { changes } = await observeChanges(context, provider, () => provider.remove(context, targets, true));
      if (!keepsRemoved) return changes;
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
      const unneeded = requirePart(context, 'unneeded');
      if (listOnly) return unneeded.list(context);
      const provider = requirePkgProvider(context);
      return (await observeChanges(context, provider, () => unneeded.remove(context, purge))).changes;
    },
  }),
  upgrade: fn({
    summary: 'Upgrade all packages, or those that are named.',
    description: `dist_upgrade=True also installs and removes packages for it.\n\n${REFRESH}`,
    args: {
      refresh: yes,
      dist_upgrade: flag,
      cache_valid_time: age,
      downloadonly: flag,
      force_conf_new: flag,
      name: text,
      pkgs: items,
      skip_verify: flag,
      ...repoEntries,
    },
    returns: CHANGED,
    examples: ["salt '*' pkg.upgrade", "salt '*' pkg.upgrade dist_upgrade=True", "salt '*' pkg.upgrade name=tmux"],
    async run(context, { refresh, cache_valid_time: ageSecondsMax, name, pkgs, ...args }) {
      const provider = requirePkgProvider(context);
      const isNamed = name !== undefined || pkgs.length > 0;
      const names = isNamed ? parseTargets(name, undefined, pkgs).map((target) => target.name) : [];
      const { dist_upgrade, downloadonly, force_conf_new, skip_verify } = args;
      const asked = { dist_upgrade, downloadonly, force_conf_new, skip_verify, pkgs: names };
      requireOptions(provider, { ...asked, ...repoOptions(args) });
      if (refresh) await provider.refresh(context, ageSecondsMax);
      const options = {
        ...repoChoice(args),
        names,
        distUpgrade: dist_upgrade,
        downloadOnly: downloadonly,
        skipVerify: skip_verify,
        forceConfNew: force_conf_new,
      };
      return (await observeChanges(context, provider, () => provider.upgrade(context, options))).changes;
    },
  }),
};
