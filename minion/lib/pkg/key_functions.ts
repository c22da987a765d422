import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { AbsolutePath, Flag, Text } from '../../../shared/plugin/args.ts';
import { fn, type MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { keywordOptions } from '../keyword_options.ts';
import { fetchedFile } from './fetched_file.ts';
import { requirePart } from './find_provider.ts';
import { KeyId, KeyServer, yes } from './pkg_arguments.ts';

const keydir = v.optional(AbsolutePath);
const PLACE =
  'With aptkey=False, and where there is no apt-key any more, keys are files of keydir, which is /etc/apt/keyrings\nwithout it; sources name them with signed-by.';

/** The keys that repositories are signed with. */
export const keyFunctions = {
  get_repo_keys: fn({
    summary: 'Return the keys of repositories.',
    description: PLACE,
    args: { aptkey: yes, keydir },
    returns: 'key id to what gpg tells of the key; False when there is no keydir.',
    examples: ["salt '*' pkg.get_repo_keys", "salt '*' pkg.get_repo_keys aptkey=False"],
    reads: true,
    run: (context, place) => requirePart(context, 'repoKeys').list(context, place),
  }),
  add_repo_key: fn({
    summary: 'Add a key of a repository, from a file, a text or a keyserver.',
    description: `${PLACE}\nkeyfile is the name of the file there; without it that of path. In a file whose name ends in .asc an ASCII armor\nstays, in all others it is taken off. A key whose keyid is given and known is not added again.`,
    args: {
      path: v.optional(Text),
      text: v.optional(Text),
      keyserver: v.optional(KeyServer),
      keyid: v.optional(KeyId),
      saltenv: v.optional(Text, 'base'),
      aptkey: yes,
      keydir,
      keyfile: v.optional(v.pipe(Text, v.regex(/^[^./][^/]*$/, 'must be the name of a file'))),
    },
    returns: 'True; False when it could not be added, for which the log has the reason.',
    examples: [
      "salt '*' pkg.add_repo_key salt://apt/example.gpg aptkey=False",
      "salt '*' pkg.add_repo_key keyserver=keyserver.ubuntu.com keyid=0123456789ABCDEF keyfile=example.gpg aptkey=False",
    ],
    async run(context, { path, saltenv, aptkey, keydir: folder, ...key }) {
      const file = path === undefined ? undefined : await fetchedFile(context, path, saltenv);
      return requirePart(context, 'repoKeys').add(context, { aptkey, keydir: folder }, { ...key, path: file });
    },
  }),
  del_repo_key: fn({
    summary: 'Remove a key of a repository.',
    description: `keyid has 8 or 16 digits. With keyid_ppa=True it is that of the PPA in name, ppa:<owner>/<ppa>.\n${PLACE}`,
    args: { name: v.optional(Text), aptkey: yes, keydir },
    varkw: true,
    returns: 'the key id; False when no file has that key.',
    examples: [
      "salt '*' pkg.del_repo_key keyid=0123ABCD",
      "salt '*' pkg.del_repo_key keyid=0123456789ABCDEF aptkey=False",
      "salt '*' pkg.del_repo_key name=ppa:foo/bar keyid_ppa=True",
    ],
    async run(context, { name, ...place }, { kwargs }) {
      const { keyid, keyid_ppa: isPpa } = keywordOptions(kwargs, {
        keyid: v.optional(KeyId),
        keyid_ppa: v.optional(Flag, false),
      });
      const keys = requirePart(context, 'repoKeys');
      if (isPpa) return keys.remove(context, place, await keyOfPpa(context, name ?? ''));
      if (keyid === undefined) throw new FleetError('ARGS_INVALID', 'keyid or keyid_ppa and PPA name must be passed');
      return keys.remove(context, place, keyid);
    },
  }),
};

/** Launchpad knows which key a PPA is signed with; the last eight digits of it, as Salt takes them. */
async function keyOfPpa(context: MinionContext, name: string): Promise<string> {
  const [, owner, ppa] = /^ppa:([\w.+-]+)\/([\w.+-]+)$/.exec(name) ?? [];
  if (owner === undefined) throw new FleetError('ARGS_INVALID', 'keyid_ppa requires that a PPA be passed');
  const url = `https://launchpad.net/api/1.0/~${owner}/+archive/${ppa}`;
  const answer = await context.call('http.query', [url], { decode: true, decode_type: 'json' });
  const fingerprint = (answer as { dict?: { signing_key_fingerprint?: unknown } } | undefined)?.dict
    ?.signing_key_fingerprint;
  if (typeof fingerprint === 'string') return fingerprint.slice(-8);
  throw commandFailed(`Launchpad names no key of ${name}`);
}
