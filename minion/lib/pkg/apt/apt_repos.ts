import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { FleetError } from '../../../../shared/errors.ts';
import { makeWithParents } from '../../../../shared/make_with_parents.ts';
import { AbsolutePath, Flag, Text, TextList } from '../../../../shared/plugin/args.ts';
import type { MinionContext } from '../../../context.ts';
import { writeFileAtomically } from '../../atomic_file.ts';
import { commandFailed } from '../../exec.ts';
import { fileRoot } from '../../file_root.ts';
import { keywordOptions } from '../../keyword_options.ts';
import { KeyIds, KeyServer } from '../pkg_arguments.ts';
import type { PkgRepos } from '../provider.ts';
import { addRepoKey } from './apt_repo_key.ts';
import { type AptSource, parseListFile, readAptSources } from './apt_sources.ts';
import { addSource, editSources, type SourceChange } from './apt_sources_edit.ts';

const SETTINGS = {
  disabled: v.optional(Flag),
  enabled: v.optional(Flag),
  comps: v.optional(TextList),
  file: v.optional(
    v.pipe(AbsolutePath, v.regex(/\.(list|sources)$/, 'must end in .list or .sources, or apt does not read it')),
  ),
  architectures: v.optional(TextList),
  signedby: v.optional(Text),
  keyid: v.optional(KeyIds),
  keyserver: v.optional(KeyServer),
  key_url: v.optional(Text),
  key_text: v.optional(Text),
};

/** The sources of apt, in one-line and in paragraph style. A repository is named by its line. */
export const aptRepos: PkgRepos = {
  refresh: 'always',
  async list({ root }) {
    const sources = await readAptSources(root);
    const uris = [...new Set(sources.map(({ uri }) => uri))];
    return Object.fromEntries(uris.map((uri) => [uri, sources.filter((source) => source.uri === uri)]));
  },
  async get({ root }, repo) {
    const wanted = parseRepo(repo);
    const found = (await readAptSources(root)).find((source) => isSame(source, wanted) && hasAll(source, wanted.comps));
    return found === undefined ? {} : { ...found };
  },
  async modify(context, repo, settings, how) {
    const options = keywordOptions(settings, SETTINGS);
    const wanted = parseRepo(repo);
    const found = (await readAptSources(context.root)).find((source) => isSame(source, wanted));
    const file = found?.file ?? options.file ?? '/etc/apt/sources.list';
    const source: AptSource = {
      ...(found ?? wanted),
      file,
      comps: options.comps ?? (wanted.comps.length > 0 ? wanted.comps : (found?.comps ?? [])),
      disabled: options.disabled ?? (options.enabled === undefined ? wanted.disabled : !options.enabled),
      architectures:
        options.architectures ?? (repo.includes('arch=') ? wanted.architectures : (found ?? wanted).architectures),
      signedby: options.signedby ?? (wanted.signedby || (found?.signedby ?? '')),
    };
    for (const word of [...source.comps, ...source.architectures, options.signedby ?? '']) requireWord(word);
    await addRepoKey(context, options, how, source.signedby);
    if (found === undefined) await edit(context, file, (text) => addSource(text, source));
    else await change(context, file, (other) => (isSame(other, wanted) ? source : other));
    const { line: _line, ...members } = source;
    return { [repo]: members };
  },
  async remove(context, repo) {
    const wanted = parseRepo(repo);
    const hits = (await readAptSources(context.root)).filter(
      (source) =>
        isSame(source, wanted) &&
        (wanted.comps.length === 0 || source.comps.some((comp) => wanted.comps.includes(comp))),
    );
    const files = [...new Set(hits.map(({ file }) => file))];
    if (files.length === 0) throw commandFailed(`there is no source '${repo}'`);
    for (const file of files)
      await change(context, file, (source) => (isSame(source, wanted) ? without(source, wanted) : source));
    return files.map((file) => `Repo '${repo}' has been removed from ${file}.`).join('\n');
  },
};

function parseRepo(repo: string): AptSource {
  const [source] = repo.includes('\n') ? [] : parseListFile(repo, '');
  if (source !== undefined) return source;
  throw new FleetError('ARGS_INVALID', `'${repo}' is not a source of apt`, {
    hint: 'write it as: deb http://host/debian stable main',
  });
}

/** It goes into a file whose parts are words. */
function requireWord(word: string): void {
  if (/[\s\]]/.test(word)) throw new FleetError('ARGS_INVALID', `'${word}' must be one word`);
}

function isSame(a: AptSource, b: AptSource): boolean {
  const address = ({ uri }: AptSource) => uri.replace(/\/+$/, '');
  return a.type === b.type && address(a) === address(b) && a.dist === b.dist;
}

function hasAll(source: AptSource, comps: readonly string[]): boolean {
  return comps.every((comp) => source.comps.includes(comp));
}

function without(source: AptSource, { comps }: AptSource): AptSource | undefined {
  const left = source.comps.filter((comp) => !comps.includes(comp));
  if (comps.length === 0 || left.length === 0) return undefined;
  return left.length === source.comps.length ? source : { ...source, comps: left };
}

function change(context: MinionContext, file: string, how: SourceChange): Promise<void> {
  return edit(context, file, (text) => editSources(text, file, how));
}

/** A file of sources.list.d that is empty then goes away. */
async function edit({ root }: MinionContext, file: string, how: (text: string) => string): Promise<void> {
  const path = join(root, file);
  const text = how(fileRoot(root).readText(file) ?? '');
  if (text.trim() === '' && file !== '/etc/apt/sources.list') return rm(path, { force: true });
  await makeWithParents(dirname(path));
  await writeFileAtomically(path, text);
}
