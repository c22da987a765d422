import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Flag, Text } from '../../../shared/plugin/args.ts';
import { formatTime } from '../../../shared/render/salt/format_time.ts';
import type { MinionContext, MinionFunction } from '../../context.ts';
import { isDirectory } from './facts.ts';
import { FilePath, fileFn } from './file_function.ts';
import { changeLine, lineModes } from './line_change.ts';
import { isThere } from './owners.ts';
import { readTextFile, saveEdit } from './text_file.ts';

const Mode = v.pipe(Text, v.toLowerCase(), v.picklist(lineModes, `must be one of ${lineModes.join(', ')}`));
const Location = v.picklist(['start', 'end'], 'must be start or end');
/** True is a copy whose ending is the time. */
const LineBackup = v.optional(v.union([v.literal('minion'), Flag]), false);

const description = `
The mode says what is to be done:

    ensure   the content is to stand before and/or after the line that is named; between the two nothing else may stand
    insert   the same, but other lines may stand between; or at location=start or location=end
    replace  the first line that matches becomes the content
    delete   every line goes that is equal to the first one that matches

match, before and after are regular expressions or parts of a line; before and after must be found in one line, no more. Without
match the content itself is looked for. A line that is there already is not added again.`;

/** `file.line`. */
export const lineFunctions: Readonly<Record<string, MinionFunction>> = {
  line: fileFn({
    summary: 'Edit a line in a text file.',
    description,
    args: {
      path: FilePath,
      content: v.optional(v.nullable(Text)),
      match: v.optional(v.nullable(Text)),
      mode: v.optional(Mode),
      location: v.optional(v.nullable(Location)),
      before: v.optional(v.nullable(Text)),
      after: v.optional(v.nullable(Text)),
      show_changes: v.optional(Flag, true),
      backup: LineBackup,
      quiet: v.optional(Flag, false),
      indent: v.optional(Flag, true),
    },
    returns:
      'the changes as a unified diff, or whether there are any with show_changes=False; False when there are none.',
    examples: [
      `salt '*' file.line /etc/nsswitch.conf "networks:\\tfiles dns" after="hosts:.*?" mode='ensure'`,
      `salt '*' file.line /etc/fstab content='/dev/sdb1 /srv ext4 defaults 0 2' location=end mode=insert`,
      "salt '*' file.line /etc/hosts match=old.example.com mode=delete",
    ],
    run: editLine,
  }),
};

interface LineArgs {
  readonly path: string;
  readonly content?: string | null | undefined;
  readonly match?: string | null | undefined;
  readonly mode?: (typeof lineModes)[number] | undefined;
  readonly location?: 'start' | 'end' | null | undefined;
  readonly before?: string | null | undefined;
  readonly after?: string | null | undefined;
  readonly show_changes: boolean;
  readonly backup: boolean | 'minion';
  readonly quiet: boolean;
  readonly indent: boolean;
}

async function editLine(context: MinionContext, args: LineArgs): Promise<string | boolean> {
  const { path, mode, quiet, show_changes: showsChanges } = args;
  if (mode === undefined) {
    throw new FleetError('ARGS_INVALID', 'Mode was not defined. How to process the file?', {
      hint: `pass mode=, one of ${lineModes.join(', ')}`,
    });
  }
  if (!(await isThere(path)) || (await isDirectory(path))) {
    if (quiet) return false;
    throw new FleetError('COMMAND_FAILED', `File "${path}" does not exist or is not a file.`);
  }
  const file = await readTextFile(path);
  const text = changeLine(file.text, {
    mode,
    content: args.content ?? undefined,
    match: args.match ?? undefined,
    location: args.location ?? undefined,
    before: args.before ?? undefined,
    after: args.after ?? undefined,
    indent: args.indent,
  });
  const diff = await saveEdit(context, file, text, { backup: backupOf(context, args.backup) });
  return showsChanges && diff !== '' ? diff : diff !== '';
}

function backupOf({ clock }: MinionContext, backup: boolean | 'minion'): string | false {
  return backup === true ? formatTime(new Date(clock.nowMs()), '.%Y-%m-%d-%H-%M-%S') : backup;
}
