import { withBlanks } from '../mounts.ts';

/** Names of the fields of a line, in their order (fstab(5)). */
export const FSTAB_KEYS = ['device', 'name', 'fstype', 'opts', 'dump', 'pass_num'] as const;
export type FstabKey = (typeof FSTAB_KEYS)[number];
/** Its fields with blanks where the file has `\040`. */
export type FstabEntry = Readonly<Record<FstabKey, string>>;

/** Of a file system of these types nothing but the mount point says which one it is. */
const NAMED_BY_PATH = new Set(
  'none tmpfs sysfs proc fusectl debugfs securityfs devtmpfs cgroup nfs nfs4 glusterfs btrfs'.split(' '),
);

/** Undefined for comments, blank lines and what is no entry. The last two fields may be missing. */
export function parseFstabLine(line: string): FstabEntry | undefined {
  const fields = line.trim().split(/[ \t]+/);
  const comment = fields.findIndex((field, index) => field.startsWith('#') && (index === 0 || index > 3));
  const [device, name, fstype, opts, dump = '0', passNum = '0', ...rest] = fields
    .slice(0, comment === -1 ? undefined : comment)
    .map(withBlanks);
  if (device === undefined || name === undefined || fstype === undefined || opts === undefined) return undefined;
  return rest.length > 0 ? undefined : { device, name, fstype, opts, dump, pass_num: passNum };
}

/** What `mount.fstab` shows; a mount point that is there again (`none` of swap areas) gets an underscore. */
export function describeFstab(text: string): Readonly<Record<string, unknown>> {
  const entries: Record<string, unknown> = {};
  for (const entry of text.split('\n').flatMap((line) => parseFstabLine(line) ?? [])) {
    const { device, fstype, opts, dump, pass_num: pass } = entry;
    let { name } = entry;
    while (Object.hasOwn(entries, name)) name += '_';
    entries[name] = { device, fstype, opts: opts.split(','), dump, pass };
  }
  return entries;
}

/** The entry of arguments, in which a backslash before a blank, or `\040`, stands for the blank. */
export function fstabEntry(fields: Readonly<Record<FstabKey, string | number>>): FstabEntry {
  const plain = (key: FstabKey) => withBlanks(String(fields[key]).replaceAll('\\ ', ' '));
  return Object.fromEntries(FSTAB_KEYS.map((key) => [key, plain(key)])) as Record<FstabKey, string>;
}

/** By which fields an entry is looked for when nothing is said. */
export function keysToMatch(fstype: string): readonly FstabKey[] {
  return NAMED_BY_PATH.has(fstype) ? ['name'] : ['device'];
}

export interface FstabChange {
  readonly text: string;
  readonly result: 'new' | 'change' | 'present';
}

/**
 * Puts an entry in the place of the one that is the same in `keys`, or at the end. All other lines stay as they are.
 */
export function setFstabEntry(
  text: string,
  entry: FstabEntry,
  keys: readonly FstabKey[],
  keepsFound: boolean,
): FstabChange {
  const lines = text.split('\n');
  const entries = lines.map(parseFstabLine);
  const isFound = (other: FstabEntry | undefined) => other !== undefined && isSame(other, entry, keys);
  if (entries.some((other) => isFound(other) && (keepsFound || isSame(other, entry, FSTAB_KEYS)))) {
    return { text, result: 'present' };
  }
  // A device may be mounted in several places: the one at this path is meant first.
  const here = entries.findIndex((other) => isFound(other) && other?.name === entry.name);
  const place = here === -1 ? entries.findIndex(isFound) : here;
  const line = formatEntry(entry);
  if (place !== -1) return { text: lines.with(place, line + commentOf(lines[place])).join('\n'), result: 'change' };
  return { text: `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`, result: 'new' };
}

/** Without a device, whatever is mounted there. */
export function removeFstabEntry(text: string, name: string, device: string | null): string {
  const isMeant = (entry: FstabEntry | undefined) =>
    entry !== undefined && entry.name === name && (device === null || entry.device === device);
  return text
    .split('\n')
    .filter((line) => !isMeant(parseFstabLine(line)))
    .join('\n');
}

function isSame(one: FstabEntry | undefined, other: FstabEntry, keys: readonly FstabKey[]): boolean {
  const sorted = (opts: string) => opts.split(',').sort().join(',');
  return keys.every((key) =>
    key === 'opts' ? one !== undefined && sorted(one.opts) === sorted(other.opts) : one?.[key] === other[key],
  );
}

function formatEntry(entry: FstabEntry): string {
  const [device, name, fstype, opts, dump, passNum] = FSTAB_KEYS.map((key) => withoutBlanks(entry[key]));
  return `${device}\t\t${name}\t${fstype}\t${opts}\t${dump} ${passNum}`;
}

/** Blanks part fields, and a line that begins with a hash is a comment. */
function withoutBlanks(field: string): string {
  return field.replaceAll(/[ \t\n\\]|^#/g, (sign) => `\\${sign.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function commentOf(line = ''): string {
  const comment = /^\s*(?:\S+\s+){4,6}(#.*)$/.exec(line)?.[1];
  return comment === undefined ? '' : `\t${comment}`;
}
