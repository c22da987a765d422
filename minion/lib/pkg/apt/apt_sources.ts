import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../../../shared/if_there.ts';
import { words } from '../../file_root.ts';
import { type Paragraph, parseParagraphs } from '../control_file.ts';

/** One source of packages, in the members that Salt's `pkg.list_repos` has. */
export interface AptSource {
  readonly file: string;
  readonly line: string;
  readonly type: string;
  readonly uri: string;
  readonly dist: string;
  readonly comps: readonly string[];
  readonly disabled: boolean;
  readonly architectures: readonly string[];
  readonly signedby: string;
}

/** All of /etc/apt/sources.list and sources.list.d, the disabled too, in apt's order. */
export async function readAptSources(root: string): Promise<AptSource[]> {
  const names = ((await ifThere(readdir(join(root, 'etc/apt/sources.list.d')))) ?? [])
    .filter((name) => /\.(list|sources)$/.test(name))
    .sort();
  const sources: AptSource[] = [];
  for (const file of ['/etc/apt/sources.list', ...names.map((name) => `/etc/apt/sources.list.d/${name}`)]) {
    const text = (await ifThere(readFile(join(root, file), 'utf8'))) ?? '';
    sources.push(...(file.endsWith('.sources') ? parseSourcesFile(text, file) : parseListFile(text, file)));
  }
  return sources;
}

/** One-line style: `deb [signed-by=/k.gpg] http://host/debian stable main`; a `#` before it disables it. */
export function parseListFile(text: string, file: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*(#*)\s*(deb(?:-src)?)\s+(?:\[([^\]]*)\]\s*)?(\S+:\S+)\s+(\S+)([^#]*)/.exec(line);
    if (match === null) continue;
    const [, hashes = '', type = '', options = '', uri = '', dist = '', comps = ''] = match;
    const option = (name: string) => new RegExp(`(?:^|\\s)${name}=(\\S+)`).exec(options)?.[1] ?? '';
    sources.push({
      file,
      line: line.trim(),
      type,
      uri,
      dist,
      comps: words(comps),
      disabled: hashes !== '',
      architectures: option('arch').split(',').filter(Boolean),
      signedby: option('signed-by'),
    });
  }
  return sources;
}

/** Paragraph style (deb822): each combination of type, URI and suite is a source. */
export function parseSourcesFile(text: string, file: string): AptSource[] {
  return parseParagraphs(text).flatMap((paragraph) => expand(paragraph, file));
}

function expand(paragraph: Paragraph, file: string): AptSource[] {
  const list = (name: string) => words(paragraph.get(name) ?? '');
  const comps = list('components');
  const common = {
    file,
    comps,
    disabled: /^(no|false|off|0|without|disable)$/i.test(paragraph.get('enabled') ?? 'yes'),
    architectures: list('architectures'),
    // A key may stand in the file itself; Salt gives it as it is.
    signedby: paragraph.get('signed-by') ?? '',
  };
  return list('types').flatMap((type) =>
    list('uris').flatMap((uri) =>
      list('suites').map((dist) => ({ ...common, type, uri, dist, line: [type, uri, dist, ...comps].join(' ') })),
    ),
  );
}
