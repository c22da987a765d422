import * as v from 'valibot';
import { FleetError } from '../../../../shared/errors.ts';
import { Flag, Text } from '../../../../shared/plugin/args.ts';
import { fileRoot } from '../../file_root.ts';
import { keywordOptions } from '../../keyword_options.ts';
import { type LineFormat, type LineRepo, readLineRepos, removeLineRepo, writeLineRepo } from '../line_repos.ts';
import type { PkgRepos } from '../provider.ts';

interface ApkRepo extends LineRepo {
  readonly uri: string;
  /** Packages of a repository with a tag are only taken when they are asked for as `name@tag`. */
  readonly tag: string;
}

const FILE = '/etc/apk/repositories';
const FOLDER = '/etc/apk/repositories.d';
/** An address, or a folder of the machine. */
const ADDRESS = /^([a-z]+:\/\/|\/)\S+$/;

const format: LineFormat<ApkRepo> = {
  files(root) {
    const more = fileRoot(root)
      .list(FOLDER)
      .filter((name) => name.endsWith('.list'));
    return [FILE, ...more.map((name) => `${FOLDER}/${name}`)];
  },
  parse(line, file) {
    const [, hashes = '', tag = '', uri = ''] = /^\s*(#*)\s*(?:@(\S+)\s+)?(\S+)\s*$/.exec(line) ?? [];
    return ADDRESS.test(uri) ? { file, enabled: hashes === '', uri, tag } : undefined;
  },
  format: ({ enabled, tag, uri }) => `${enabled ? '' : '#'}${tag === '' ? '' : `@${tag} `}${uri}`,
  nameOf: ({ uri }) => uri,
};

/** The repositories of apk; each is named by its address. */
export const apkRepos: PkgRepos = {
  refresh: 'asked',
  list: async ({ root }) => Object.fromEntries(readLineRepos(root, format).map((repo) => [repo.uri, repo])),
  get: async ({ root }, uri) => ({ ...readLineRepos(root, format).find((repo) => repo.uri === uri) }),
  async modify({ root }, uri, settings) {
    const { enabled, tag } = keywordOptions(settings, {
      enabled: v.optional(Flag),
      tag: v.optional(v.pipe(Text, v.regex(/^\w*$/, 'must be one word'))),
    });
    if (!ADDRESS.test(uri)) {
      throw new FleetError('ARGS_INVALID', `'${uri}' is not a repository of apk`, {
        hint: 'name it by its address, such as https://dl-cdn.alpinelinux.org/alpine/edge/community',
      });
    }
    const found = readLineRepos(root, format).find((repo) => repo.uri === uri);
    const repo = { file: FILE, ...found, uri, enabled: enabled ?? true, tag: tag ?? found?.tag ?? '' };
    await writeLineRepo(root, format, repo);
    return { [uri]: repo };
  },
  async remove({ root }, uri) {
    const files = await removeLineRepo(root, format, uri);
    return files.map((file) => `Repo '${uri}' has been removed from ${file}.`).join('\n');
  },
};
