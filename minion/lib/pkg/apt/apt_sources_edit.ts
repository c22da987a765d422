import { type Paragraph, parseParagraphs } from '../control_file.ts';
import { type AptSource, parseListFile, parseSourcesFile } from './apt_sources.ts';

/** What a source becomes; undefined removes it. The same object leaves it as it stands. */
export type SourceChange = (source: AptSource) => AptSource | undefined;

/** The content of a file with its sources changed; all else in it stays as it is written. */
export function editSources(text: string, file: string, change: SourceChange): string {
  return file.endsWith('.sources') ? editSourcesFile(text, file, change) : editListFile(text, file, change);
}

/** One source more at the end of a file. */
export function addSource(text: string, source: AptSource): string {
  const before = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  if (!source.file.endsWith('.sources')) return `${before}${listLine(source)}\n`;
  return `${before}${before === '' ? '' : '\n'}${paragraphText(fieldsOf(new Map(), source))}\n`;
}

function editListFile(text: string, file: string, change: SourceChange): string {
  const lines = text.split('\n').flatMap((line) => {
    const [source] = parseListFile(line, file);
    if (source === undefined) return [line];
    const changed = change(source);
    if (changed === undefined) return [];
    return changed === source ? [line] : [listLine(changed)];
  });
  return lines.join('\n');
}

/** Options that have no member of their own are taken over from the line that the source had. */
function listLine({ line, type, uri, dist, comps, disabled, architectures, signedby }: AptSource): string {
  const kept = (/\[([^\]]*)\]/.exec(line)?.[1] ?? '')
    .split(/\s+/)
    .filter((option) => !/^(arch=|signed-by=|$)/.test(option));
  const options = [
    ...(architectures.length > 0 ? [`arch=${architectures.join(',')}`] : []),
    ...(signedby === '' ? [] : [`signed-by=${signedby}`]),
    ...kept,
  ];
  const words = [type, ...(options.length > 0 ? [`[${options.join(' ')}]`] : []), uri, dist, ...comps];
  return `${disabled ? '# ' : ''}${words.join(' ')}`;
}

function editSourcesFile(text: string, file: string, change: SourceChange): string {
  const chunks = text.split(/\n[ \t]*\n/).flatMap((chunk) => {
    const sources = parseSourcesFile(chunk, file);
    const [fields] = parseParagraphs(chunk);
    const touched = sources.filter((source) => change(source) !== source);
    if (fields === undefined || touched.length === 0) return [chunk.replace(/\n+$/, '')];
    return touched
      .reduce((paragraphs, source) => replaceIn(paragraphs, source, change(source)), [fields])
      .map(paragraphText);
  });
  const written = chunks.filter((chunk) => chunk !== '');
  return written.length === 0 ? '' : `${written.join('\n\n')}\n`;
}

/** Takes one source out of the paragraph that stands for it and for others, and puts what it becomes behind it. */
function replaceIn(paragraphs: readonly Paragraph[], source: AptSource, changed: AptSource | undefined): Paragraph[] {
  return paragraphs.flatMap((fields) => {
    const [types, uris, suites] = ['types', 'uris', 'suites'].map((name) => (fields.get(name) ?? '').split(/\s+/));
    const [type, uri, suite] = [split(types, source.type), split(uris, source.uri), split(suites, source.dist)];
    if (!(type.isThere && uri.isThere && suite.isThere)) return [fields];
    const rest = [
      { types: type.others, uris: uris ?? [], suites: suites ?? [] },
      { types: [source.type], uris: uri.others, suites: suites ?? [] },
      { types: [source.type], uris: [source.uri], suites: suite.others },
    ].filter((lists) => Object.values(lists).every((list) => list.length > 0));
    const others = rest.map((lists) => {
      const named = Object.entries(lists).map(([name, list]) => [name, list.join(' ')] as const);
      return new Map([...fields, ...named]);
    });
    return changed === undefined ? others : [...others, fieldsOf(fields, changed)];
  });
}

function split(list: readonly string[] = [], item: string) {
  return { isThere: list.includes(item), others: list.filter((other) => other !== item) };
}

function fieldsOf(
  fields: Paragraph,
  { type, uri, dist, comps, disabled, architectures, signedby }: AptSource,
): Paragraph {
  const own = new Map([
    ['types', type],
    ['uris', uri],
    ['suites', dist],
    ['components', comps.join(' ')],
    ['enabled', disabled ? 'no' : ''],
    ['architectures', architectures.join(' ')],
    ['signed-by', signedby],
  ]);
  return new Map([...fields, ...own].filter(([, value]) => value !== ''));
}

function paragraphText(fields: Paragraph): string {
  const names = new Map([['uris', 'URIs']]);
  const capitals = (name: string) => name.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
  const lines = [...fields].map(([name, value]) => {
    const written = value.replaceAll('\n', '\n ');
    return `${names.get(name) ?? capitals(name)}:${value.startsWith('\n') ? '' : ' '}${written}`;
  });
  return lines.join('\n');
}
