import * as v from 'valibot';
import { readPrivateFile, writePrivateFile } from '../../shared/crypto/private_file.ts';
import { createGroupCommit } from '../../shared/disk/group_commit.ts';
import { FleetError } from '../../shared/errors.ts';

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

type Tell = (name: string, change: EntryChange) => void;

/** Throws CONFIG_INVALID when the file is not what `writtenBy` wrote. */
export async function openPrivateEntries<Entry>(options: PrivateEntriesOptions<Entry>): Promise<PrivateEntries<Entry>> {
  const { path, changed } = options;
  let known = new Map(Object.entries(await readEntries(options)));
  // The file is written whole: a thousand that are added at once would write it a thousand times.
  const commit = createGroupCommit<(next: Map<string, Entry>, tell: Tell) => void>(async (edits) => {
    const next = new Map(known);
    const told: Parameters<Tell>[] = [];
    for (const edit of edits) edit(next, (...change) => told.push(change));
    if (told.length === 0) return;
    await writePrivateFile(path, `${JSON.stringify(Object.fromEntries(next), null, 2)}\n`);
    known = next;
    for (const change of told) changed(...change);
  });
  return {
    names: () => [...known.keys()],
    get: (name) => known.get(name),
    set: (name, entry) =>
      commit.add((next, tell) => {
        tell(name, next.has(name) ? 'replaced' : 'added');
        next.set(name, entry);
      }),
    async remove(matches) {
      const removed: string[] = [];
      await commit.add((next, tell) => {
        for (const name of [...next.keys()].filter(matches)) {
          next.delete(name);
          tell(name, 'removed');
          removed.push(name);
        }
      });
      return removed;
    },
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
