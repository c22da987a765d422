import * as v from 'valibot';
import { FleetError } from '../../../../shared/errors.ts';
import { AbsolutePath, Flag, Text } from '../../../../shared/plugin/args.ts';
import { fileRoot } from '../../file_root.ts';
import { keywordOptions } from '../../keyword_options.ts';
import { type LineFormat, type LineRepo, readLineRepos, removeLineRepo, writeLineRepo } from '../line_repos.ts';
import type { PkgRepos } from '../provider.ts';

interface OpkgRepo extends LineRepo {
  readonly name: string;
  readonly uri: string;
  readonly compressed: boolean;
  /** What stands behind the address, such as `[trusted=yes]`. */
  readonly options: string;
}

const NEW_FILE = '/etc/opkg/customfeeds.conf';
const NAME = /^[\w.+-]+$/;

const format: LineFormat<OpkgRepo> = {
  files(root) {
    const files = fileRoot(root);
    const names = files.list('/etc/opkg').filter((name) => name.endsWith('.conf'));
    return [...(files.exists('/etc/opkg.conf') ? ['/etc/opkg.conf'] : []), ...names.map((name) => `/etc/opkg/${name}`)];
  },
  parse(line, file) {
    const [, hashes = '', type, name = '', uri = '', options = ''] =
      /^\s*(#*)\s*(src|src\/gz)\s+"?([^"\s]+)"?\s+"?([^"\s]+)"?\s*(.*?)\s*$/.exec(line) ?? [];
    if (type === undefined || !uri.includes(':')) return undefined;
    return { file, enabled: hashes === '', name, uri, compressed: type === 'src/gz', options };
  },
  format({ enabled, compressed, name, uri, options }) {
    return `${enabled ? '' : '# '}${compressed ? 'src/gz' : 'src'} ${name} ${uri}${options === '' ? '' : ` ${options}`}`;
  },
  nameOf: ({ name }) => name,
};

/** The feeds of opkg; each has a name. */
export const opkgRepos: PkgRepos = {
  refresh: 'asked',
  async list({ root }) {
    const repos = readLineRepos(root, format);
    const uris = [...new Set(repos.map(({ uri }) => uri))];
    return Object.fromEntries(uris.map((uri) => [uri, repos.filter((repo) => repo.uri === uri)]));
  },
  get: async ({ root }, name) => ({ ...readLineRepos(root, format).find((repo) => repo.name === name) }),
  async modify({ root }, name, settings) {
    const options = keywordOptions(settings, {
      uri: v.optional(v.pipe(Text, v.regex(/^[a-z]+:\S+$/, 'must be an address'))),
      compressed: v.optional(Flag),
      enabled: v.optional(Flag),
      file: v.optional(v.pipe(AbsolutePath, v.regex(/^\/etc\/opkg\/[^/]+\.conf$/, 'must be a .conf of /etc/opkg'))),
    });
    const found = readLineRepos(root, format).find((repo) => repo.name === name);
    const uri = options.uri ?? found?.uri;
    if (!NAME.test(name)) throw new FleetError('ARGS_INVALID', `'${name}' is not the name of a repository`);
    if (uri === undefined) {
      throw new FleetError('ARGS_INVALID', `Repository '${name}' not configured and no uri passed to create one`);
    }
    const repo = {
      file: found?.file ?? options.file ?? NEW_FILE,
      name,
      uri,
      enabled: options.enabled ?? found?.enabled ?? true,
      compressed: options.compressed ?? found?.compressed ?? true,
      options: found?.options ?? '',
    };
    await writeLineRepo(root, format, repo);
    return { [name]: repo };
  },
  async remove({ root }, name) {
    const files = await removeLineRepo(root, format, name);
    return files.map((file) => `Repo '${name}' has been removed from ${file}.`).join('\n');
  },
};
