import { readFile, unlink } from 'node:fs/promises';
import * as v from 'valibot';
import { Count, Value } from '../../../shared/plugin/args.ts';
import { pyStr } from '../../../shared/python_text.ts';
import type { MinionContext, MinionFunction } from '../../context.ts';
import { osErrorText } from '../os_error.ts';
import { type BackupCopy, backedUpPath, copyWhole, findBackups, keepBackup } from './backup_copy.ts';
import { FilePath, fileFn } from './file_function.ts';
import { isThere } from './owners.ts';
import { dirname } from './paths.ts';
import { replaceContent } from './replace_content.ts';

const limit = v.optional(v.nullable(Count));
const deleting = {
  summary: 'Delete a previous version of a file that was backed up.',
  description: '\nThe numbers are those that file.list_backups shows.',
  args: { path: FilePath, backup_id: Value },
  returns: 'comment and result.',
};

/** Functions on the copies that `backup='minion'` makes. */
export const backupFunctions: Readonly<Record<string, MinionFunction>> = {
  list_backups: fileFn({
    summary: "Lists the previous versions of a file backed up by the minion's backups, the latest first.",
    args: { path: FilePath, limit },
    returns: 'by number, the time, place and size of each.',
    reads: true,
    examples: ["salt '*' file.list_backups /foo/bar/baz.txt"],
    run: async (context, { path, limit: most }) => numbered(await backupsOf(context, path), most),
  }),
  list_backups_dir: fileFn({
    summary: "Lists the previous versions of the files of a directory backed up by the minion's backups.",
    args: { path: FilePath, limit },
    returns: 'for each file what file.list_backups says.',
    reads: true,
    examples: ["salt '*' file.list_backups_dir /foo/bar"],
    async run(context, { path, limit: most }) {
      const copies = await findBackups(context, await backedUpPath(path));
      const names = [...new Set(copies.map(({ name }) => name))].sort();
      const ofName = (name: string) => copies.filter((copy) => copy.name === name);
      return Object.fromEntries(names.map((name) => [name, numbered(ofName(name), most)]));
    },
  }),
  restore_backup: fileFn({
    summary: 'Restore a previous version of a file that was backed up.',
    description: `
The numbers are those that file.list_backups shows. The present version is backed up first.`,
    args: { path: FilePath, backup_id: Value },
    returns: 'comment and result.',
    examples: ["salt '*' file.restore_backup /foo/bar/baz.txt 0"],
    run: (context, { path, backup_id }) => withBackup(context, path, backup_id, (copy) => restore(context, path, copy)),
  }),
  delete_backup: fileFn({
    ...deleting,
    examples: ["salt '*' file.delete_backup /foo/bar/baz.txt 0"],
    run: (context, { path, backup_id }) => withBackup(context, path, backup_id, remove),
  }),
  remove_backup: fileFn({
    ...deleting,
    examples: ["salt '*' file.remove_backup /foo/bar/baz.txt 0"],
    run: (context, { path, backup_id }) => withBackup(context, path, backup_id, remove),
  }),
};

interface Outcome {
  readonly result: boolean;
  readonly comment: string;
}

async function backupsOf(context: MinionContext, path: string): Promise<BackupCopy[]> {
  const file = await backedUpPath(path);
  const name = file.slice(file.lastIndexOf('/') + 1);
  return (await findBackups(context, dirname(file))).filter((copy) => copy.name === name);
}

function numbered(copies: readonly BackupCopy[], most: number | null | undefined): Record<string, unknown> {
  const shown = copies.slice(0, most ?? undefined);
  return Object.fromEntries(
    shown.map(({ time, location, size }, index) => [
      String(index),
      { 'Backup Time': time, Location: location, Size: size },
    ]),
  );
}

async function withBackup(
  context: MinionContext,
  path: string,
  id: unknown,
  action: (copy: BackupCopy) => Promise<string>,
): Promise<Outcome> {
  const text = pyStr(id);
  if (!/^(0|[1-9]\d*)$/.test(text)) return { result: false, comment: `Invalid backup_id '${text}'` };
  const copy = (await backupsOf(context, path))[Number(text)];
  if (copy === undefined) return { result: false, comment: `backup_id '${text}' does not exist for ${path}` };
  try {
    return { result: true, comment: await action(copy) };
  } catch (error) {
    const reason = osErrorText(error);
    if (reason === undefined) throw error;
    return { result: false, comment: reason };
  }
}

async function restore(context: MinionContext, path: string, { location }: BackupCopy): Promise<string> {
  const file = await backedUpPath(path);
  if (await isThere(file)) {
    await keepBackup(context, file);
    await replaceContent(context, file, await readFile(location));
  } else await copyWhole(location, file);
  return `Successfully restored ${location} to ${path}`;
}

async function remove({ location }: BackupCopy): Promise<string> {
  await unlink(location);
  return `Successfully removed ${location}`;
}
