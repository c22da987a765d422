import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetError } from '../../../shared/errors.ts';
import type { MinionContext } from '../../context.ts';
import { writeFileAtomically } from '../atomic_file.ts';
import { commandFailed } from '../exec.ts';
import { type Labelling, restoreLabel } from '../restore_label.ts';
import { withFileLock } from './lock_file.ts';

/** A file such as etc/passwd, below the directory that stands for `/`. */
export interface AccountFile {
  readonly root: string;
  readonly file: string;
  /** The clock is for the wait until nobody else changes it. */
  readonly context: Labelling & Pick<MinionContext, 'clock'>;
}

/** Changes the fields of one entry. Throws COMMAND_FAILED when there is no such entry. */
export async function editEntry(
  place: AccountFile,
  name: string,
  edit: (fields: readonly string[]) => readonly string[],
): Promise<void> {
  let isFound = false;
  await editEntries(place, (fields) => {
    if (fields[0] !== name) return fields;
    isFound = true;
    return edit(fields);
  });
  if (!isFound) throw commandFailed(`there is no entry of ${name} in /${place.file}`);
}

/** Gives each entry to `edit` and writes the file when one came back different. Lines that are no entries stay. */
export async function editEntries(
  { root, file, context }: AccountFile,
  edit: (fields: readonly string[]) => readonly string[],
): Promise<void> {
  const path = join(root, file);
  await withFileLock(path, context.clock, () => editFile(context, path, edit));
}

async function editFile(
  context: Labelling,
  path: string,
  edit: (fields: readonly string[]) => readonly string[],
): Promise<void> {
  const text = await readFile(path, 'utf8');
  const lines = text.split('\n').map((line) => {
    if (!/^[^#+-].*:/.test(line)) return line;
    const fields = edit(line.split(':'));
    for (const field of fields) requireField(field);
    return fields.join(':');
  });
  const changed = lines.join('\n');
  if (changed === text) return;
  await writeFileAtomically(path, changed);
  await restoreLabel(context, path);
}

/** What would end a field or a line would make an entry of somebody's choice. */
function requireField(text: string): void {
  if (!/[:\n]/.test(text)) return;
  throw new FleetError('ARGS_INVALID', 'a colon or a line break cannot stand in an account file', {
    hint: 'leave it out',
  });
}
