import * as v from 'valibot';
import { unifiedDiff } from '../../../shared/data/text_diff.ts';
import { FleetError } from '../../../shared/errors.ts';
import { Flag, Text } from '../../../shared/plugin/args.ts';
import type { MinionContext, MinionFunction } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { withRegularFile } from '../regular_file.ts';
import { FilePath, fileFn } from './file_function.ts';
import { findHash } from './hash_list.ts';
import { isThere } from './owners.ts';
import { readTextFile } from './text_file.ts';

/** A return is one message, and a diff of two long texts takes long. */
const COMPARED_BYTES_MAX = 4 * 1024 * 1024;

/** Functions that compare files, and read lists of checksums. */
export const compareFunctions: Readonly<Record<string, MinionFunction>> = {
  get_diff: fileFn({
    summary: 'Return the unified diff of two files.',
    description: `
Either may be of the master: salt://path, in the environment saltenv, or a URL, of which a copy is taken that is there already when
it has the checksum source_hash_file1 or source_hash_file2. With template=True nothing is shown where the minion's configuration says
obfuscate_templates.`,
    args: {
      file1: FilePath,
      file2: FilePath,
      saltenv: v.optional(Text, 'base'),
      show_filenames: v.optional(Flag, true),
      show_changes: v.optional(Flag, true),
      template: v.optional(Flag, false),
      source_hash_file1: v.optional(Text),
      source_hash_file2: v.optional(Text),
    },
    returns: 'an empty text when they are equal; a sentence when one of them is binary.',
    reads: true,
    examples: ["salt '*' file.get_diff /home/fred/.vimrc /home/users/alice/.vimrc"],
    run: compare,
  }),
  extract_hash: fileFn({
    summary: "Find a file's checksum in a file of checksums, such as sha256sum writes.",
    description: `
Of several checksums that one is taken whose line names source_hash_name, file_name or the last part of source; without any name
the first. The hash type counts for a file that has several kinds.`,
    args: {
      hash_fn: FilePath,
      hash_type: v.optional(Text, 'sha256'),
      file_name: v.optional(Text, ''),
      source: v.optional(Text, ''),
      source_hash_name: v.optional(v.nullable(Text)),
    },
    returns: '``hsum`` and ``hash_type``, or ``None`` when there is none.',
    reads: true,
    examples: ["salt '*' file.extract_hash /path/to/hash/file sha512 /etc/foo"],
    async run(_context, { hash_fn, ...wanted }) {
      return findHash((await readTextFile(hash_fn)).text, wanted) ?? null;
    },
  }),
};

async function compare(
  context: MinionContext,
  args: {
    readonly file1: string;
    readonly file2: string;
    readonly saltenv: string;
    readonly show_filenames: boolean;
    readonly show_changes: boolean;
    readonly template: boolean;
    readonly source_hash_file1?: string | undefined;
    readonly source_hash_file2?: string | undefined;
  },
): Promise<string> {
  const a = await fetched(context, args.file1, args.saltenv, args.source_hash_file1);
  const b = await fetched(context, args.file2, args.saltenv, args.source_hash_file2);
  const [old, new_] = [await bytesOf(a), await bytesOf(b)];
  if (old.equals(new_)) return '';
  if (args.template && (await context.call('config.option', ['obfuscate_templates'])) === true) {
    return '<Obfuscated Template>';
  }
  if (!args.show_changes) return '<show_changes=False>';
  const [wasBinary, isBinary] = [old.includes(0), new_.includes(0)];
  if (wasBinary && isBinary) return 'Replace binary file';
  if (wasBinary) return 'Replace binary file with text file';
  if (isBinary) return 'Replace text file with binary file';
  const names = args.show_filenames ? [args.file1, args.file2] : [];
  return unifiedDiff(old.toString(), new_.toString(), ...names);
}

async function fetched(context: MinionContext, path: string, saltenv: string, hash?: string): Promise<string> {
  if (!/^(salt|https?|ftp):\/\//.test(path)) return path;
  const copy = await context.call('cp.cache_file', [path, saltenv], hash === undefined ? {} : { source_hash: hash });
  if (typeof copy === 'string' && copy !== '') return copy;
  throw commandFailed(`file ${path} was not found`);
}

async function bytesOf(path: string): Promise<Buffer> {
  if (!(await isThere(path))) throw commandFailed(`File ${path} was not found`);
  return withRegularFile(path, (file, { size }) => {
    if (size <= COMPARED_BYTES_MAX) return file.readFile();
    throw new FleetError(
      'LIMIT_EXCEEDED',
      `${path} has ${size} bytes: files to be compared have at most ${COMPARED_BYTES_MAX}`,
      { hint: 'compare their checksums with file.get_hash' },
    );
  });
}
