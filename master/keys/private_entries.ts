import * as v from 'valibot';
import { readPrivateFile, writePrivateFile } from '../../shared/crypto/private_file.ts';
import { FleetError } from '../../shared/errors.ts';
import { createSerialQueue } from './serial_queue.ts';

/** Entries by name in a JSON file that its owner alone may read. Changes are on disk before they are known. */
export interface PrivateEntries<Entry> {
  names(): string[];
  get(name: string): Entry | undefined;
  /** Replaces one of that name. */
  set(name: string, entry: Entry): Promise<void>;
  /** The names that were there. */
  remove(matches: (name: string) => boolean): Promise<string[]>;
}

export type EntryChange = 'added' | 'replaced' | 'removed';

export interface PrivateEntriesOptions<Entry> {
  readonly path: string;
  readonly schema: v.GenericSchema<unknown, Record<string, Entry>>;
  /** The command that writes the file, for who finds it broken. */
  readonly writtenBy: string;
  /** What that one is to do when there is no copy of it. */
  readonly remedy: string;
  readonly changed: (name: string, change: EntryChange) => void;
}

/** Throws CONFIG_INVALID when the file is not what `writtenBy` wrote. */
export async function openPrivateEntries<Entry>(options: PrivateEntriesOptions<Entry>): Promise<PrivateEntries<Entry>> {
  const { path, changed } = options;
  const known = new Map(Object.entries(await readEntries(options)));
  const inOrder = createSerialQueue();
  const save = (next: ReadonlyMap<string, Entry>): Promise<void> =>
    writePrivateFile(path, `${JSON.stringify(Object.fromEntries(next), null, 2)}\n`);
  return {
    names: () => [...known.keys()],
    get: (name) => known.get(name),
    set: (name, entry) =>
      inOrder(async () => {
        await save(new Map(known).set(name, entry));
        const change = known.has(name) ? 'replaced' : 'added';
        known.set(name, entry);
        changed(name, change);
      }),
    remove: (matches) =>
      inOrder(async () => {
        const removed = [...known.keys()].filter(matches);
        if (removed.length === 0) return removed;
        await save(new Map([...known].filter(([name]) => !removed.includes(name))));
        for (const name of removed) {
          known.delete(name);
          changed(name, 'removed');
        }
        return removed;
      }),
  };
}

async function readEntries<Entry>({
  path,
  schema,
  writtenBy,
  remedy,
}: PrivateEntriesOptions<Entry>): Promise<Record<string, Entry>> {
  const text = await readPrivateFile(path);
  if (text === undefined) return {};
  try {
    return v.parse(schema, JSON.parse(text));
  } catch (cause) {
    throw new FleetError('CONFIG_INVALID', `${path} is not what ${writtenBy} wrote`, {
      hint: `restore it, or remove it and ${remedy} again`,
      cause,
    });
  }
}
