import type { CronEntry } from './crontab.ts';

export interface EntriesChange<E> {
  readonly entries: readonly E[];
  readonly result: 'new' | 'updated' | 'present';
}

/** What names a job: its identifier, or its command where it has none. */
export interface EntryName {
  readonly cmd: string;
  readonly identifier: string | null;
}

/**
 * Adds a job or changes the one of its name. An identifier takes a job over that has none and the same command.
 * `settle` makes of the wished values those that are written.
 */
export function setEntry<E extends CronEntry>(
  entries: readonly E[],
  wanted: E,
  settle: (entry: E) => E,
): EntriesChange<E> {
  const place = entries.findIndex((entry) => isNamed(entry, wanted));
  const old = entries[place];
  if (old === undefined) return { entries: [...entries, settle(wanted)], result: 'new' };
  const changes = Object.entries(wanted).filter(([key, value]) => needsChange(old[key as keyof E], value));
  if (changes.length === 0) return { entries, result: 'present' };
  return { entries: entries.with(place, settle({ ...old, ...Object.fromEntries(changes) })), result: 'updated' };
}

/** Without the first job of that name which fits, too; undefined when there is none. */
export function removeEntry<E extends CronEntry>(
  entries: readonly E[],
  name: EntryName,
  fits: (entry: E) => boolean,
): readonly E[] | undefined {
  const place = entries.findIndex((entry) => isNamed(entry, name) && fits(entry));
  return place < 0 ? undefined : entries.toSpliced(place, 1);
}

function isNamed(entry: CronEntry, { cmd, identifier }: EntryName): boolean {
  return entry.identifier === null ? entry.cmd === cmd : entry.identifier === identifier;
}

/** What is not said stays; a time that was drawn by lot is not drawn again. */
function needsChange(old: unknown, wanted: unknown): boolean {
  if (wanted === null || wanted === old) return false;
  if (wanted === 'random') return old === '*';
  const range = parseRange(wanted);
  return range === undefined || !(Number(old) >= range.from && Number(old) <= range.to);
}

/** `5:20`: any number from 5 to 20. */
export function parseRange(time: unknown): { readonly from: number; readonly to: number } | undefined {
  const [, one, other] = /^(\d+):(\d+)$/.exec(String(time)) ?? [];
  if (one === undefined) return undefined;
  return { from: Math.min(Number(one), Number(other)), to: Math.max(Number(one), Number(other)) };
}
