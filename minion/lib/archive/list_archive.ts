import { open } from 'node:fs/promises';
import { FleetError } from '../../../shared/errors.ts';
import { splitCommand } from '../../../shared/shlex.ts';
import type { MinionContext } from '../../context.ts';
import { runProgram } from '../run_program.ts';
import { readZipDirectory } from './zip_reader.ts';

export const archiveFormats = ['tar', 'zip', 'rar'] as const;
export type ArchiveFormat = (typeof archiveFormats)[number];

/** Names of what an archive holds; those of folders end in a slash. */
export interface ArchiveContent {
  readonly dirs: readonly string[];
  readonly files: readonly string[];
  readonly links: readonly string[];
}

export function guessFormat(path: string): ArchiveFormat | undefined {
  if (/\.(tar(\.\w+)?|t[bgx]z2?|tzst|tlz)$/i.test(path)) return 'tar';
  if (/\.(zip|jar|war|ear)$/i.test(path)) return 'zip';
  return /\.rar$/i.test(path) ? 'rar' : undefined;
}

/** Throws COMMAND_FAILED for what cannot be read. */
export async function listArchive(
  context: MinionContext,
  path: string,
  format: ArchiveFormat,
  options = '',
): Promise<ArchiveContent> {
  if (format === 'zip') return listZip(path);
  if (format === 'tar')
    return parseTarListing(await run(context, ['tar', '-tv', ...splitCommand(options), '-f', path]));
  return parseRarListing(await run(context, ['unrar', 'lt', '-idc', ...splitCommand(options), '--', path]));
}

async function run(context: MinionContext, argv: [string, ...string[]]): Promise<string> {
  return (await runProgram(context, argv, `cannot list ${argv.at(-1)}`)).stdout;
}

async function listZip(path: string): Promise<ArchiveContent> {
  const file = await open(path);
  try {
    const entries = await readZipDirectory(file, path);
    const files = entries.filter(({ name, isLink }) => !isLink && !name.endsWith('/')).map(({ name }) => name);
    // Some programs have no entries for folders.
    const implied = files.flatMap((name) => (name.includes('/') ? [name.slice(0, name.lastIndexOf('/') + 1)] : []));
    const dirs = entries.filter(({ name }) => name.endsWith('/')).map(({ name }) => name);
    return {
      dirs: [...new Set([...dirs, ...implied])],
      files,
      links: entries.filter(({ isLink }) => isLink).map(({ name }) => name),
    };
  } finally {
    await file.close();
  }
}

/** Such as `-rw-r--r-- root/root 5 2026-01-01 10:00 etc/motd`; BusyBox writes seconds too. */
const TAR_LINE = /^(.)\S{9}\S*\s+\S+\s+\d+(?:,\s*\d+)?\s+\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?\s(.*)$/;

function parseTarListing(text: string): ArchiveContent {
  const content = { dirs: [] as string[], files: [] as string[], links: [] as string[] };
  for (const line of text.split('\n')) {
    const [, type, rest = ''] = TAR_LINE.exec(line) ?? [];
    if (type === undefined) continue;
    if (type === 'l') content.links.push(unescapeName(rest.split(' -> ')[0] ?? ''));
    else if (type === 'd') content.dirs.push(unescapeName(rest.endsWith('/') ? rest : `${rest}/`));
    else content.files.push(unescapeName(type === 'h' ? (rest.split(' link to ')[0] ?? '') : rest));
  }
  return content;
}

const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, b: 8, f: 12, a: 7, v: 11 };

/** Tar writes bytes that it cannot print as `\303`, and line ends as `\n`. */
function unescapeName(name: string): string {
  if (!name.includes('\\')) return name;
  const bytes = name.replaceAll(/\\([0-7]{3}|.)/g, (_whole, code: string) =>
    String.fromCharCode(/^\d/.test(code) ? Number.parseInt(code, 8) : (escapes[code] ?? code.charCodeAt(0))),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Blocks of `Name: x` and `Type: File`. */
function parseRarListing(text: string): ArchiveContent {
  const entries = [...text.matchAll(/^\s*Name: (.*)\n\s*Type: (.*)$/gm)].map(([, name = '', type = '']) => ({
    name,
    type,
  }));
  const named = (test: (type: string) => boolean) => entries.filter(({ type }) => test(type)).map(({ name }) => name);
  return {
    dirs: named((type) => type === 'Directory').map((name) => `${name}/`),
    files: named((type) => type !== 'Directory' && !/link/i.test(type)),
    links: named((type) => /link/i.test(type)),
  };
}

/** Without so many leading folders; what does not lie deeper is left out. */
export function stripComponents(names: readonly string[], count: number): string[] {
  return names.map((name) => name.split('/').slice(count).join('/')).filter((name) => name !== '');
}

export function unknownFormat(): FleetError {
  return new FleetError('COMMAND_FAILED', "unable to guess the archive's format", {
    hint: `pass archive_format: ${archiveFormats.join(', ')}`,
  });
}
