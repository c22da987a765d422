import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../../../shared/if_there.ts';
import { type Paragraph, parseParagraphs } from '../control_file.ts';

/** One package that dpkg knows. */
export interface DpkgPackage {
  /** With `:arch` when it is of another architecture than the machine. */
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  /** What was chosen: install, hold, deinstall, purge, unknown. */
  readonly selection: string;
  readonly isInstalled: boolean;
  /** Removed, with its configuration files left. */
  readonly isRemoved: boolean;
  readonly fields: Paragraph;
}

const INSTALLED = new Set(['installed', 'triggers-awaited', 'triggers-pending']);

/** Read from dpkg's own file: faster than dpkg, and it works without it. Throws when there is none. */
export async function readDpkgStatus(root: string): Promise<DpkgPackage[]> {
  return parseDpkgStatus(await readFile(join(root, 'var/lib/dpkg/status'), 'utf8'));
}

export function parseDpkgStatus(text: string): DpkgPackage[] {
  const paragraphs = parseParagraphs(text).filter((fields) => fields.has('package'));
  const native = paragraphs.find((fields) => fields.get('package') === 'dpkg')?.get('architecture');
  return paragraphs.map((fields) => toPackage(fields, native)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function toPackage(fields: Paragraph, native: string | undefined): DpkgPackage {
  const name = fields.get('package') ?? '';
  const arch = fields.get('architecture') ?? '';
  const [selection = 'unknown', , state = 'not-installed'] = (fields.get('status') ?? '').split(/\s+/);
  const isForeign = native !== undefined && arch !== '' && arch !== 'all' && arch !== native;
  return {
    name: isForeign ? `${name}:${arch}` : name,
    version: fields.get('version') ?? '',
    arch,
    selection,
    isInstalled: INSTALLED.has(state),
    isRemoved: state === 'config-files',
    fields,
  };
}

/** The files of an installed package, sorted. */
export async function readFileList(root: string, dpkgPackage: DpkgPackage): Promise<string[]> {
  const text = await readFile(await listPath(root, dpkgPackage), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '' && line !== '/.')
    .sort();
}

/** When it was installed or upgraded last, seconds UTC. dpkg keeps no record but this file's time. */
export async function installedAt(root: string, dpkgPackage: DpkgPackage): Promise<number> {
  return Math.floor((await stat(await listPath(root, dpkgPackage))).mtimeMs / 1000);
}

/** Packages that can be installed for several architectures have theirs in the name. */
async function listPath(root: string, { fields, arch }: DpkgPackage): Promise<string> {
  const name = fields.get('package');
  const qualified = join(root, 'var/lib/dpkg/info', `${name}:${arch}.list`);
  if ((await ifThere(stat(qualified))) !== undefined) return qualified;
  return join(root, 'var/lib/dpkg/info', `${name}.list`);
}
