import * as v from 'valibot';
import { Flag, Text } from '../../../shared/plugin/args.ts';
import { fn } from '../../context.ts';
import { requirePart, requirePkgProvider } from './find_provider.ts';
import { yes } from './pkg_arguments.ts';

/** The repositories that packages come from. */
export const repoFunctions = {
  list_repos: fn({
    summary: 'Return the sources of packages, the disabled too.',
    returns: 'a mapping: by address for apt, apk and opkg, by id for dnf and zypper.',
    args: {},
    examples: ["salt '*' pkg.list_repos"],
    reads: true,
    run: (context) => requirePart(context, 'repos').list(context),
  }),
  get_repo: fn({
    summary: 'Return one source of packages, an empty mapping when there is none.',
    description:
      'It is named by its line for apt, by its address for apk, by its name for opkg, by its id for dnf and zypper.',
    args: { repo: Text },
    examples: [
      'salt \'*\' pkg.get_repo "deb http://deb.debian.org/debian bookworm main"',
      "salt '*' pkg.get_repo baseos",
    ],
    reads: true,
    run: (context, { repo }) => requirePart(context, 'repos').get(context, repo),
  }),
  mod_repo: fn({
    summary: 'Change a source of packages, or add it.',
    description:
      'What can be said of it depends on the package manager: disabled, comps, architectures, signedby and file for apt, and\n' +
      'its key by keyid and keyserver, key_url or key_text, which goes to apt-key or, with aptkey=False and where there is no\n' +
      'apt-key any more, into the file that signedby names; any setting of a .repo file for dnf and zypper, where an empty\n' +
      'one is removed; enabled, uri, compressed for opkg; enabled and tag for apk. The package lists are fetched then, by\n' +
      'apt unless refresh=False, by the others when refresh=True; for zypper refresh is a setting.',
    args: { repo: Text, saltenv: v.optional(Text, 'base'), aptkey: yes, refresh: v.optional(Flag) },
    varkw: true,
    returns: 'the source as it is now.',
    examples: [
      'salt \'*\' pkg.mod_repo "deb http://deb.debian.org/debian bookworm main" comps=main,contrib',
      "salt '*' pkg.mod_repo epel enabled=False",
    ],
    async run(context, { repo, refresh, ...how }, { kwargs }) {
      const repos = requirePart(context, 'repos');
      const isSetting = repos.refresh === 'setting' && refresh !== undefined;
      const modified = await repos.modify(context, repo, isSetting ? { ...kwargs, refresh } : kwargs, how);
      const isWanted = refresh ?? repos.refresh === 'always';
      if (isWanted && repos.refresh !== 'setting') await requirePkgProvider(context).refresh(context, 0);
      return modified;
    },
  }),
  del_repo: fn({
    summary: 'Remove a source of packages.',
    description: 'The package lists are fetched then, unless refresh=False.',
    args: { repo: Text, refresh: yes },
    examples: [
      'salt \'*\' pkg.del_repo "deb http://deb.debian.org/debian bookworm main"',
      "salt '*' pkg.del_repo epel",
    ],
    async run(context, { repo, refresh }) {
      const answer = await requirePart(context, 'repos').remove(context, repo);
      if (refresh) await requirePkgProvider(context).refresh(context, 0);
      return answer;
    },
  }),
};
