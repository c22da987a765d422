import type { Stats } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { readOptionalFile } from '../../shared/crypto/private_file.ts';
import { errorLine, FleetError, systemErrorCode } from '../../shared/errors.ts';
import { isMinionId } from '../../shared/ids.ts';
import type { Logger } from '../../shared/log.ts';
import { pyStr } from '../../shared/python_text.ts';
import { systemReason } from '../../shared/system_reason.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import { compileRegex } from '../../shared/target/regex.ts';

/** Which keys are accepted or rejected without an operator (SEC-3). What minions send is compared, never compiled. */
export interface Autosign {
  rejects(id: string): Promise<boolean>;
  accepts(id: string, grains: Readonly<Record<string, unknown>>): Promise<boolean>;
}

export interface AutosignOptions {
  readonly pkiDir: string;
  readonly autoAccept: boolean;
  /** Files and directory of Salt's names; empty: none. */
  readonly autosignFile: string;
  readonly autorejectFile: string;
  readonly autosignGrainsDir: string;
  /** How long a file in `minions_autosign` is good for, minutes; 0 for ever. */
  readonly autosignTimeoutMinutes: number;
  /** Groups that may write these files: none, unless `permissive_pki_access` is set. */
  readonly trustedGroups: readonly number[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** What is wrong with the files is told at once: with the first minion it would be too late. */
export async function openAutosign(options: AutosignOptions): Promise<Autosign> {
  const { log } = options;
  const files = { ...options, complain: createComplaints(log) };
  const autosignRules = createRuleFile(options.autosignFile, files);
  const autorejectRules = createRuleFile(options.autorejectFile, files);
  for (const look of [autosignRules, autorejectRules, () => readNames(options.autosignGrainsDir, files.complain)]) {
    await look().catch((error: unknown) => log.error('keys cannot be judged', { reason: errorLine(error) }));
  }
  return {
    rejects: async (id) => matchesAny(await autorejectRules(), id),
    accepts: async (id, grains) =>
      options.autoAccept ||
      matchesAny(await autosignRules(), id) ||
      (await takeStub(id, options)) ||
      (await acceptsGrains(grains, files)),
  };
}

/** Says what is wrong with a path; undefined: nothing. */
type Complain = (path: string, complaint: string | undefined, more?: Readonly<Record<string, string>>) => void;

/** Each complaint once, and again when the path was as it should be in between. */
function createComplaints(log: Logger): Complain {
  const told = new Map<string, string | undefined>();
  return (path, complaint, more) => {
    if (complaint !== undefined && told.get(path) !== complaint) log.warning(complaint, { path, ...more });
    told.set(path, complaint);
  };
}

type FileOptions = AutosignOptions & { readonly complain: Complain };

export type Rule = (id: string) => boolean;

export function matchesAny(rules: readonly Rule[], id: string): boolean {
  return rules.some((matches) => matches(id));
}

/**
 * Lines as Salt reads them: an id, a glob or a regular expression for the whole id; `#` begins a comment line. A line that
 * could be an id is that id alone: as an expression, the dot of `db.example` would let in `db-example`.
 */
export function parseRules(text: string, unreadable: (line: string, error: FleetError) => void): Rule[] {
  return contentLines(text).flatMap((line) => {
    if (isMinionId(line)) return [(id: string) => id === line];
    const rules: Rule[] = [globMatcher(line)];
    try {
      const regex = compileRegex(`^(?:${line})$`);
      rules.push((id) => regex.test(id));
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      // A glob such as `*.example` is no expression and need not be one.
      if (!/[*?[]/.test(line)) unreadable(line, error);
    }
    return rules;
  });
}

/** True when the minion has one of the values that a file named as the grain lists. */
export function matchesGrain(text: string, value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value) && contentLines(text).includes(pyStr(value));
}

function contentLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** The rules of a file, parsed again when it has changed. */
function createRuleFile(path: string, options: FileOptions): () => Promise<readonly Rule[]> {
  let version = '';
  let rules: readonly Rule[] = [];
  return async () => {
    const stats = path === '' ? undefined : await statTrusted(path, options);
    if (stats === undefined) return [];
    const current = `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
    if (current !== version) {
      rules = parseRules((await readOptionalFile(path)) ?? '', (line, error) =>
        options.log.warning('a line is passed over', { path, line, reason: error.message }),
      );
      version = current;
    }
    return rules;
  };
}

/** Undefined when there is no such file or when somebody else may write it: then it says nothing. */
async function statTrusted(path: string, { trustedGroups, complain }: FileOptions): Promise<Stats | undefined> {
  const stats = await statOptional(path);
  if (stats === undefined) {
    complain(path, 'a file of rules for keys is not there');
    return undefined;
  }
  const isTrusted = (stats.mode & 0o002) === 0 && ((stats.mode & 0o020) === 0 || trustedGroups.includes(stats.gid));
  if (isTrusted) complain(path, undefined);
  else complain(path, 'a file is passed over: others than its owner may write it', { mend: `chmod go-w ${path}` });
  return isTrusted ? stats : undefined;
}

/** `minions_autosign/<id>`: put there by hand or by whoever deploys, it accepts one key of that id, once. */
async function takeStub(id: string, { pkiDir, autosignTimeoutMinutes, clock, log }: AutosignOptions): Promise<boolean> {
  if (!isMinionId(id)) return false;
  const path = join(pkiDir, 'minions_autosign', id);
  const stats = await statOptional(path);
  if (stats === undefined) return false;
  await rm(path, { force: true });
  if (autosignTimeoutMinutes === 0 || stats.mtimeMs >= clock.nowMs() - autosignTimeoutMinutes * 60_000) return true;
  log.warning('an autosign file has expired', { path });
  return false;
}

async function acceptsGrains(grains: Readonly<Record<string, unknown>>, options: FileOptions): Promise<boolean> {
  const directory = options.autosignGrainsDir;
  if (Object.keys(grains).length === 0) return false;
  // The names come from the directory: a minion's are looked up and never become a path.
  for (const name of await readNames(directory, options.complain)) {
    if (!Object.hasOwn(grains, name)) continue;
    const path = join(directory, name);
    const stats = await statTrusted(path, options);
    if (stats?.isFile() && matchesGrain((await readOptionalFile(path)) ?? '', grains[name])) return true;
  }
  return false;
}

/** None of a directory that cannot be read: its minions wait for an operator as others do. */
async function readNames(directory: string, complain: Complain): Promise<string[]> {
  if (directory === '') return [];
  try {
    const names = await readdir(directory);
    complain(directory, undefined);
    return names;
  } catch (error) {
    complain(directory, 'autosign_grains_dir cannot be read: no key is accepted for a grain', {
      reason: systemReason(error),
    });
    return [];
  }
}

async function statOptional(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === 'ENOENT') return undefined;
    throw new FleetError('FILE_UNREADABLE', `${path} cannot be read: ${code}`, { cause });
  }
}
