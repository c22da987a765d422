import type { Stats } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { nowSeconds } from '../../../shared/clock.ts';
import { globPaths } from '../../../shared/data/glob_paths.ts';
import { FleetError } from '../../../shared/errors.ts';
import { pyStr } from '../../../shared/python_text.ts';
import { splitCommand } from '../../../shared/shlex.ts';
import { globMatcher } from '../../../shared/target/glob.ts';
import { compileRegex, pythonRegexFlags } from '../../../shared/target/regex.ts';
import type { MinionContext, MinionFunction } from '../../context.ts';
import { type Accounts, findGroup, findUser, readAccounts } from '../accounts.ts';
import { runCommand } from '../run_command.ts';
import { isDirectory } from './facts.ts';
import { FilePath, fileFn } from './file_function.ts';
import { hashFile } from './hash.ts';
import { groupName, lstatIfThere, userName } from './owners.ts';
import { someLine } from './search.ts';
import { walk } from './walk.ts';

const description = `
Criteria, all of which must be met:

    name, iname    glob of the last part of the path; {a,b} is a choice
    regex, iregex  regular expression, from the start of the last part of the path
    type           letters of f d l b c p s
    user, group    names or numbers, with commas or blanks between
    size           [+-]number[b|k|m|g|t]
    mtime          [+-]interval such as 1w2d3h4m5s; - is younger, otherwise older
    grep           regular expression that a line of the file matches
    maxdepth, mindepth

Actions: print = names of path, name, type, size, mode, mtime, user, group, md5 (default path); exec = a command, in which {} stands
for the path, that lists where it succeeded; delete = types (default f), which lists what was removed.`;

/** `file.find`. */
export const findFunctions: Readonly<Record<string, MinionFunction>> = {
  find: fileFn({
    summary: 'Approximate the Unix find(1) command and return a list of paths that meet the specified criteria.',
    description,
    args: { path: FilePath },
    varargs: true,
    varkw: true,
    examples: [
      "salt '*' file.find / type=f name=\\*.bak size=+10m",
      "salt '*' file.find /var mtime=+30d size=+10m print=path,size,mtime",
      "salt '*' file.find /var/log name=\\*.[0-9] mtime=+30d size=+10m delete",
      "salt '*' file.find /srv name=\\*.sh exec='chmod 755 {}'",
    ],
    async run(context, { path }, { args, kwargs }) {
      const given = { ...kwargs };
      if (args.includes('delete')) given.delete = 'f';
      else if (args.includes('print')) given.print = 'path';
      const search = await readSearch(context, given);
      const results: [string, unknown][] = [];
      for (const start of await globPaths(path)) {
        for await (const found of findBelow(start, search)) {
          const item = await printed(found, search);
          if (await isDone(context, found, search)) results.push([found.path, item]);
        }
      }
      return results.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
    },
  }),
};

interface Found {
  readonly path: string;
  readonly stats: Stats;
}

type Criterion = (found: Found) => boolean | Promise<boolean>;

interface Search {
  /** The cheap ones first. */
  readonly criteria: readonly Criterion[];
  readonly depthMin: number;
  readonly depthMax: number;
  readonly print: readonly string[];
  /** Words of the command that is run for each. */
  readonly command: readonly string[] | undefined;
  /** Letters of the types that are removed. */
  readonly deletes: string | undefined;
  readonly accounts: Accounts;
}

type ReadCriterion = (value: string, accounts: Accounts, now: number) => Criterion;

/** In the order of what they cost. */
const criteria: Readonly<Record<string, ReadCriterion>> = {
  name: (value) => nameMatches(value, (name) => name),
  iname: (value) => nameMatches(value.toLowerCase(), (name) => name.toLowerCase()),
  regex: (value) => regexMatches(value, 0),
  iregex: (value) => regexMatches(value, pythonRegexFlags('IGNORECASE')),
  type: (value) => {
    const types = readTypes(value);
    return ({ stats }) => types.includes('a') || types.includes(typeLetter(stats));
  },
  user: (value, accounts) => {
    const uids = readIds('user', value, (name) => findUser(accounts, name)?.uid);
    return ({ stats }) => uids.includes(stats.uid);
  },
  group: (value, accounts) => {
    const gids = readIds('group', value, (name) => findGroup(accounts, name)?.gid);
    return ({ stats }) => gids.includes(stats.gid);
  },
  size: (value) => {
    const [min, max] = parseSize(value);
    return ({ stats }) => min <= stats.size && stats.size <= max;
  },
  mtime: (value, _accounts, now) => {
    const { sign, seconds } = parseInterval(value);
    return ({ stats }) => {
      const age = now - Math.floor(stats.mtimeMs / 1000);
      return sign === '-' ? age <= seconds : age >= seconds;
    };
  },
  grep: (value) => {
    const regex = compileRegex(value, { code: 'ARGS_INVALID' });
    return ({ path, stats }) => stats.isFile() && someLine(path, (line) => regex.test(line));
  },
};

const printNames = ['path', 'name', 'type', 'size', 'mode', 'mtime', 'user', 'group', 'md5'];
const otherOptions = ['maxdepth', 'mindepth', 'print', 'exec', 'delete'];

async function readSearch(context: MinionContext, given: Readonly<Record<string, unknown>>): Promise<Search> {
  // `owner` is what older Salts call `user`.
  const values = new Map(Object.entries(given).map(([key, value]) => [key === 'owner' ? 'user' : key, value]));
  for (const [key, value] of values) {
    if (!Object.hasOwn(criteria, key) && !otherOptions.includes(key)) throw invalid(`invalid option "${key}"`);
    if (value === null || pyStr(value) === '') throw invalid(`missing value for "${key}" option`);
  }
  const accounts = await readAccounts(context.root);
  const now = nowSeconds(context.clock);
  const print = words(pyStr(values.get('print') ?? 'path'));
  const [unknown] = print.filter((name) => !printNames.includes(name));
  if (unknown !== undefined) throw invalid(`invalid print option "${unknown}"`);
  return {
    criteria: Object.entries(criteria)
      .filter(([key]) => values.has(key))
      .map(([key, read]) => read(pyStr(values.get(key)), accounts, now)),
    depthMin: readDepth('mindepth', values.get('mindepth'), 0),
    depthMax: readDepth('maxdepth', values.get('maxdepth'), Number.POSITIVE_INFINITY),
    print,
    command: values.has('exec') ? splitCommand(pyStr(values.get('exec'))) : undefined,
    deletes: values.has('delete') ? readTypes(deletedTypes(values.get('delete'))) : undefined,
    accounts,
  };
}

async function* findBelow(start: string, { criteria: tests, depthMin, depthMax }: Search): AsyncGenerator<Found> {
  const candidates = async function* () {
    yield { path: start, depth: 0 };
    if (await isDirectory(start)) yield* walk(start, depthMax);
  };
  for await (const { path, depth } of candidates()) {
    if (depth < depthMin) continue;
    const stats = await lstatIfThere(path);
    if (stats !== undefined && (await meetsAll({ path, stats }, tests))) yield { path, stats };
  }
}

async function meetsAll(found: Found, tests: readonly Criterion[]): Promise<boolean> {
  for (const test of tests) if (!(await test(found))) return false;
  return true;
}

/** Whether all that is to be done with it succeeded. */
async function isDone(context: MinionContext, found: Found, { command, deletes }: Search): Promise<boolean> {
  if (command !== undefined && !(await isRun(context, found.path, command))) return false;
  return deletes === undefined || remove(found, deletes);
}

/** A path is never split: it is put into words that are there. */
async function isRun(context: MinionContext, path: string, command: readonly string[]): Promise<boolean> {
  const argv = command.map((word) => word.replaceAll('{}', path));
  const { retcode, stderr } = await runCommand(context, argv, { python_shell: false, ignore_retcode: true });
  if (retcode !== 0) context.log.error(`the command failed for ${path}`, { retcode, stderr: stderr.slice(0, 500) });
  return retcode === 0;
}

async function remove({ path, stats }: Found, types: string): Promise<boolean> {
  const isRemoved = types.includes('a') || types.includes(typeLetter(stats));
  if (isRemoved) await rm(path, { recursive: true });
  return isRemoved;
}

async function printed(found: Found, { print, accounts }: Search): Promise<unknown> {
  const values: unknown[] = [];
  for (const name of print) values.push(await printedValue(name, found, accounts));
  return values.length === 1 ? values[0] : values;
}

function printedValue(name: string, { path, stats }: Found, accounts: Accounts): unknown {
  switch (name) {
    case 'name':
      return basename(path);
    case 'type':
      return typeLetter(stats);
    case 'size':
      return stats.size;
    case 'mode':
      return stats.mode;
    case 'mtime':
      return Math.floor(stats.mtimeMs / 1000);
    case 'user':
      return userName(accounts, stats.uid);
    case 'group':
      return groupName(accounts, stats.gid);
    case 'md5':
      return stats.isFile() ? hashFile(path, 'md5') : '';
    default:
      return path;
  }
}

function nameMatches(glob: string, fold: (name: string) => string): Criterion {
  const tests = expandBraces(glob).map((alternative) => globMatcher(alternative.replaceAll('[^', '[!')));
  return ({ path }) => tests.some((matches) => matches(fold(basename(path))));
}

/** `a{b,c}d` is `abd` and `acd`. */
function expandBraces(glob: string): string[] {
  const match = /^(.*?)\{([^{}]*,[^{}]*)\}(.*)$/.exec(glob);
  if (match === null) return [glob];
  const [, before = '', choices = '', after = ''] = match;
  return choices.split(',').flatMap((choice) => expandBraces(before + choice + after));
}

function regexMatches(pattern: string, flags: number): Criterion {
  const regex = compileRegex(pattern, { flags, code: 'ARGS_INVALID' });
  return ({ path }) => regex.matchesStart(basename(path));
}

function typeLetter(stats: Stats): string {
  if (stats.isFile()) return 'f';
  if (stats.isDirectory()) return 'd';
  if (stats.isSymbolicLink()) return 'l';
  if (stats.isBlockDevice()) return 'b';
  if (stats.isCharacterDevice()) return 'c';
  return stats.isFIFO() ? 'p' : 's';
}

function readTypes(value: string): string {
  const letters = words(value).join('');
  const unknown = /[^abcdflps]/.exec(letters);
  if (unknown !== null) throw invalid(`invalid file type "${unknown[0]}"`);
  return letters;
}

/** `delete=True` from a command line means the default. */
function deletedTypes(value: unknown): string {
  return value === true ? 'f' : pyStr(value);
}

function readIds(kind: string, value: string, find: (name: string) => number | undefined): number[] {
  return words(value).map((name) => {
    const id = /^\d+$/.test(name) ? Number(name) : find(name);
    if (id === undefined) throw invalid(`no such ${kind} "${name}"`);
    return id;
  });
}

function readDepth(name: string, value: unknown, standard: number): number {
  if (value === undefined) return standard;
  const depth = Number(value);
  if (Number.isInteger(depth) && depth >= 0) return depth;
  throw invalid(`invalid ${name} "${pyStr(value)}"`);
}

/** The least and the most bytes of `10m` (that many, whatever the rest), `+10m` (or more) or `-10m` (or less). */
function parseSize(value: string): [number, number] {
  const match = /^\s*([+-]?)\s*(\d+(?:\.\d+)?)\s*([bkmgt]?)\s*$/i.exec(value);
  if (match === null) throw invalid(`invalid size: "${value}"`);
  const unit = 1024 ** 'bkmgt'.indexOf((match[3] || 'b').toLowerCase());
  const bytes = Math.floor(Number(match[2]) * unit);
  if (match[1] === '-') return [0, bytes];
  return [bytes, match[1] === '+' ? Number.POSITIVE_INFINITY : bytes + unit - 1];
}

const unitSeconds: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 };

function parseInterval(value: string): { readonly sign: string; readonly seconds: number } {
  const match = /^\s*([+-]?)((?:\s*\d+(?:\.\d*)?\s*[wdhms])+)\s*$/i.exec(value);
  if (match === null) throw invalid(`invalid time interval: "${value}"`);
  const parts = (match[2] as string).matchAll(/(\d+(?:\.\d*)?)\s*([wdhms])/gi);
  const seconds = [...parts].reduce(
    (sum, [, n, unit = '']) => sum + Number(n) * (unitSeconds[unit.toLowerCase()] ?? 0),
    0,
  );
  return { sign: match[1] as string, seconds };
}

function words(value: string): string[] {
  return value.split(/[\s,]+/).filter((word) => word !== '');
}

function invalid(message: string): FleetError {
  return new FleetError('ARGS_INVALID', message, { hint: 'see sys.doc file.find' });
}
