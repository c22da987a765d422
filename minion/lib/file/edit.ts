import * as v from 'valibot';
import { splitLines, unifiedDiff } from '../../../shared/data/text_diff.ts';
import { FleetError } from '../../../shared/errors.ts';
import { Count, Flag, Text, Value } from '../../../shared/plugin/args.ts';
import { compileRegex, escapeRegex, pythonRegexFlags } from '../../../shared/target/regex.ts';
import type { MinionContext, MinionFunction } from '../../context.ts';
import { type BesideLine, type Block, replaceBlock } from './block.ts';
import { FilePath, fileFn } from './file_function.ts';
import { isThere } from './owners.ts';
import { stripLeft } from './search.ts';
import { readTextFile, saveEdit } from './text_file.ts';

/** The ending of the copy of the old file, `minion` for one among the minion's backups, or False for no copy. */
const Backup = v.optional(
  v.union([
    v.pipe(
      v.literal(false),
      v.transform((): false => false),
    ),
    Text,
  ]),
  '.bak',
);
const commentArgs = { path: FilePath, regex: Text, char: v.optional(Text, '#') };

/** Functions that change the text of a file. */
export const editFunctions: Readonly<Record<string, MinionFunction>> = {
  replace: fileFn({
    summary: 'Replace occurrences of a pattern in a file.',
    description: `
The pattern is a regular expression in Python's spelling, without look-around and back-references; the replacement may
name groups as \\1 or \\g<name>. The flags are those of Python: a number, or names such as [MULTILINE, IGNORECASE].`,
    args: {
      path: FilePath,
      pattern: Text,
      repl: Text,
      count: v.optional(Count, 0),
      flags: v.optional(Value, 8),
      bufsize: v.optional(Value, 1),
      append_if_not_found: v.optional(Flag, false),
      prepend_if_not_found: v.optional(Flag, false),
      not_found_content: v.optional(Text),
      backup: Backup,
      dry_run: v.optional(Flag, false),
      search_only: v.optional(Flag, false),
      show_changes: v.optional(Flag, true),
      ignore_if_missing: v.optional(Flag, false),
      preserve_inode: v.optional(Flag, true),
      backslash_literal: v.optional(Flag, false),
    },
    returns: 'the changes as a unified diff; True or False with show_changes=False.',
    examples: [
      "salt '*' file.replace /etc/httpd/httpd.conf pattern='LogLevel warn' repl='LogLevel info'",
      "salt '*' file.replace /some/file pattern='before' repl='after' flags='[MULTILINE, IGNORECASE]'",
    ],
    async run(context, args) {
      const { path, search_only, show_changes, ignore_if_missing } = args;
      checkReplacement(args);
      if (ignore_if_missing && !(await isThere(path))) return false;
      const file = await readTextFile(path);
      if (search_only) return patternOf(args).test(file.text);
      const diff = await saveEdit(context, file, replaceIn(file.text, args), args);
      return show_changes ? diff : diff !== '';
    },
  }),
  comment_line: fileFn({
    summary: 'Comment or Uncomment a line in a text file.',
    args: { ...commentArgs, cmnt: v.optional(Flag, true), backup: Backup },
    returns: 'the changed lines as a unified diff, or False when no line matches.',
    examples: ["salt '*' file.comment_line /etc/modules '^pcspkr'"],
    run: commentLine,
  }),
  comment: fileFn({
    summary: 'Comment out specified lines in a file.',
    args: { ...commentArgs, backup: Backup },
    examples: ["salt '*' file.comment /etc/modules pcspkr"],
    run: (context, args) => commentLine(context, { ...args, cmnt: true }),
  }),
  uncomment: fileFn({
    summary: 'Uncomment specified commented lines in a file.',
    args: { ...commentArgs, backup: Backup },
    examples: ["salt '*' file.uncomment /etc/hosts.deny 'ALL: PARANOID'"],
    run: (context, args) => commentLine(context, { ...args, cmnt: false }),
  }),
  blockreplace: fileFn({
    summary: 'Replace content of a text block in a file, delimited by line markers.',
    args: {
      path: FilePath,
      marker_start: v.optional(Text, '#-- start managed zone --'),
      marker_end: v.optional(Text, '#-- end managed zone --'),
      content: v.optional(Text, ''),
      append_if_not_found: v.optional(Flag, false),
      prepend_if_not_found: v.optional(Flag, false),
      backup: Backup,
      dry_run: v.optional(Flag, false),
      show_changes: v.optional(Flag, true),
      append_newline: v.optional(Flag, false),
      insert_before_match: v.optional(Text),
      insert_after_match: v.optional(Text),
    },
    returns: 'the changes as a unified diff; True or False with show_changes=False.',
    examples: [`salt '*' file.blockreplace /etc/hosts '#-- start --' '#-- end --' '10.0.1.1 foo' append_newline=True`],
    async run(context, args) {
      const file = await readTextFile(args.path);
      const block: Block = {
        start: args.marker_start,
        end: args.marker_end,
        content: args.content,
        endsLine: args.append_newline,
        place: placeOf(args),
      };
      const diff = await saveEdit(context, file, replaceBlock(file.text, block), args);
      return args.show_changes ? diff : diff !== '';
    },
  }),
};

interface Replacement {
  readonly pattern: string;
  readonly repl: string;
  readonly count: number;
  readonly flags: unknown;
  readonly append_if_not_found: boolean;
  readonly prepend_if_not_found: boolean;
  readonly not_found_content?: string | undefined;
  readonly search_only: boolean;
  readonly backslash_literal: boolean;
}

function checkReplacement({ append_if_not_found, prepend_if_not_found, search_only }: Replacement): void {
  if (search_only && (append_if_not_found || prepend_if_not_found)) {
    throw new FleetError('ARGS_INVALID', 'search_only cannot be used with append/prepend_if_not_found');
  }
  if (append_if_not_found && prepend_if_not_found) {
    throw new FleetError('ARGS_INVALID', 'Only one of append and prepend_if_not_found is permitted');
  }
}

function patternOf({ pattern, flags }: Replacement) {
  return compileRegex(pattern, { flags: pythonRegexFlags(flags), code: 'ARGS_INVALID' });
}

function replaceIn(text: string, args: Replacement): string {
  const template = args.backslash_literal ? args.repl.replaceAll('\\', '\\\\') : args.repl;
  const result = patternOf(args).replace(text, template, args.count);
  if (result.count > 0 || !(args.append_if_not_found || args.prepend_if_not_found)) return result.text;
  const content = args.not_found_content ?? args.repl;
  // It may be there from an earlier run.
  if (compileRegex(`^${escapeRegex(content)}\\r?$`, { flags: pythonRegexFlags('MULTILINE') }).test(text)) return text;
  if (args.prepend_if_not_found) return `${content}\n${text}`;
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${content}\n`;
}

async function commentLine(
  context: MinionContext,
  args: {
    readonly path: string;
    readonly regex: string;
    readonly char: string;
    readonly cmnt: boolean;
    readonly backup: string | false;
  },
): Promise<string | false> {
  const { char, cmnt, backup } = args;
  const regex = compileRegex(commentPattern(args), { code: 'ARGS_INVALID' });
  const file = await readTextFile(args.path);
  const lines = splitLines(file.text);
  const matches = (line: string): boolean => regex.matchesStart(line.replace(/\r?\n$/, ''));
  const change = (line: string): string => (cmnt ? char + line : stripLeft(line, char));
  const found = lines.filter(matches);
  if (found.length === 0) return false;
  await saveEdit(context, file, lines.map((line) => (matches(line) ? change(line) : line)).join(''), { backup });
  return unifiedDiff(found.join(''), found.map(change).join(''));
}

function commentPattern({ regex, char, cmnt }: { regex: string; char: string; cmnt: boolean }): string {
  const inner = regex.replace(/^\^+/, '').replace(/\$+$/, '');
  return `^${cmnt ? '' : `${escapeRegex(char)}\\s*`}(${inner})${regex.endsWith('$') ? '$' : ''}`;
}

function placeOf(args: {
  readonly append_if_not_found: boolean;
  readonly prepend_if_not_found: boolean;
  readonly insert_before_match?: string | undefined;
  readonly insert_after_match?: string | undefined;
}): Block['place'] {
  const places: Block['place'][] = [];
  if (args.append_if_not_found) places.push('end');
  if (args.prepend_if_not_found) places.push('start');
  if (args.insert_before_match !== undefined) places.push(beside('before', args.insert_before_match));
  if (args.insert_after_match !== undefined) places.push(beside('after', args.insert_after_match));
  if (places.length < 2) return places[0];
  throw new FleetError(
    'ARGS_INVALID',
    'Only one of append_if_not_found, prepend_if_not_found, insert_before_match, and insert_after_match is permitted',
  );
}

function beside(side: BesideLine['side'], pattern: string): BesideLine {
  return { side, regex: compileRegex(pattern, { code: 'ARGS_INVALID' }) };
}
