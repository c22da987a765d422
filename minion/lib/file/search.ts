import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { globPaths } from '../../../shared/data/glob_paths.ts';
import { FleetError } from '../../../shared/errors.ts';
import { Flag, Text, Value } from '../../../shared/plugin/args.ts';
import { pyStr } from '../../../shared/python_text.ts';
import { splitCommand } from '../../../shared/shlex.ts';
import { globMatcher } from '../../../shared/target/glob.ts';
import { compileRegex, pythonRegexFlags } from '../../../shared/target/regex.ts';
import type { MinionFunction } from '../../context.ts';
import { streamFile } from '../regular_file.ts';
import { runCommand } from '../run_command.ts';
import { isDirectory } from './facts.ts';
import { FilePath, fileFn } from './file_function.ts';
import { isThere } from './owners.ts';
import { readTextFile } from './text_file.ts';

/** Functions that look for something in files. */
export const searchFunctions: Readonly<Record<string, MinionFunction>> = {
  contains: fileFn({
    summary: 'Return True if the file at path contains text.',
    args: { path: FilePath, text: Text },
    reads: true,
    examples: ["salt '*' file.contains /etc/crontab 'mymaintenance.sh'"],
    run: (_context, { path, text }) => someChunk(path, text.trim()),
  }),
  contains_regex: fileFn({
    summary: 'Return True if the given regular expression matches on any line in the text of a given file.',
    description: '\nThe characters of lchar are taken off the left side of each line first.',
    args: { path: FilePath, regex: Text, lchar: v.optional(Text, '') },
    reads: true,
    examples: ["salt '*' file.contains_regex /etc/crontab '^root'"],
    run(_context, { path, regex, lchar }) {
      const compiled = compileRegex(regex, { code: 'ARGS_INVALID' });
      return someLine(path, (line) => compiled.test(stripLeft(line, lchar)));
    },
  }),
  contains_glob: fileFn({
    summary: 'Return True if the given glob matches a line in the named file.',
    args: { path: FilePath, glob_expr: Text },
    reads: true,
    examples: ["salt '*' file.contains_glob /etc/foobar '*cheese*'"],
    run: (_context, { path, glob_expr }) => someLine(path, globMatcher(glob_expr)),
  }),
  search: fileFn({
    summary: 'Search for occurrences of a pattern in a file.',
    description: '\nThe flags are those of Python: a number, or names such as [MULTILINE, IGNORECASE].',
    args: {
      path: FilePath,
      pattern: Text,
      flags: v.optional(Value, 8),
      bufsize: v.optional(Value, 1),
      ignore_if_missing: v.optional(Flag, false),
      multiline: v.optional(Flag, false),
    },
    reads: true,
    examples: ["salt '*' file.search /etc/crontab 'mymaintenance.sh'"],
    async run(_context, { path, pattern, flags, ignore_if_missing, multiline }) {
      const bits = pythonRegexFlags(flags) | (multiline ? pythonRegexFlags('MULTILINE') : 0);
      const regex = compileRegex(pattern, { flags: bits, code: 'ARGS_INVALID' });
      if (ignore_if_missing && !(await isThere(path))) return false;
      return regex.test((await readTextFile(path)).text);
    },
  }),
  grep: fileFn({
    summary: 'Grep for a string in the specified file.',
    description: '\nThe path may be a glob. Options of grep are passed one by one after the pattern.',
    args: { path: FilePath, pattern: Text },
    varargs: true,
    reads: true,
    returns: '``pid``, ``retcode``, ``stdout`` and ``stderr`` of grep.',
    examples: [
      "salt '*' file.grep /etc/passwd nobody",
      "salt '*' file.grep /etc/sysconfig/network-scripts/ifcfg-eth0 ipaddr -- -i",
    ],
    async run(context, { path, pattern }, { args }) {
      const paths = await globPaths(path);
      const options = args.map((option) => oneOption(pyStr(option)));
      return runCommand(context, ['grep', ...options, pattern, ...(paths.length > 0 ? paths : [path])], {
        python_shell: false,
      });
    },
  }),
};

/** Python's `lstrip(characters)`. */
export function stripLeft(text: string, characters: string): string {
  let start = 0;
  while (start < text.length && characters.includes(text[start] as string)) start++;
  return text.slice(start);
}

/** Whether a line of a file, without its end, passes a test; false when there is no such file. */
export async function someLine(path: string, test: (line: string) => boolean): Promise<boolean> {
  if (!(await isThere(path)) || (await isDirectory(path))) return false;
  const input = (await streamFile(path)).setEncoding('utf8');
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
      if (test(line)) return true;
    return false;
  } finally {
    input.destroy();
  }
}

async function someChunk(path: string, text: string): Promise<boolean> {
  if (!(await isThere(path)) || (await isDirectory(path))) return false;
  let tail = '';
  for await (const chunk of (await streamFile(path)).setEncoding('utf8')) {
    const window: string = tail + chunk;
    if (window.includes(text)) return true;
    tail = text.length > 1 ? window.slice(1 - text.length) : '';
  }
  return false;
}

function oneOption(option: string): string {
  const [word = '', ...rest] = splitCommand(option);
  if (rest.length === 0) return word;
  throw new FleetError(
    'ARGS_INVALID',
    'Passing multiple command line arguments in a single string is not supported, please pass the following ' +
      `arguments separately: ${option}`,
  );
}
