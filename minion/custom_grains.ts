import { type Clock, sleep } from '../shared/clock.ts';
import { errorLine, FleetError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { isDict } from '../shared/python_text.ts';
import type { CustomGrains, GrainSource, GrainSpec } from './grains.ts';
import { type CustomFile, changedFiles, findCustomFiles } from './lib/custom/find_custom_files.ts';
import { loadScript } from './lib/custom/load_script.ts';
import { readProgramJson } from './lib/custom/program_json.ts';
import { whyNoGrains } from './lib/custom/why_no_module.ts';

type Dict = Readonly<Record<string, unknown>>;

/** Beyond it a file's grains are missing: the minion must come up. */
const COLLECT_MS = 10_000;

export interface CustomGrainsOptions {
  /** See grains_dirs. */
  readonly folders: readonly string[];
  /** Effective user id of this process. */
  readonly euid: number;
  readonly log: Logger;
}

export function openCustomGrains({ folders, euid, log }: CustomGrainsOptions): CustomGrains {
  let files = findCustomFiles(folders, [], euid);
  let reasons: Record<string, string> = {};
  return {
    rescan() {
      const before = files;
      files = findCustomFiles(folders, [], euid);
      return changedFiles(before, files);
    },
    async collect(source) {
      const found: Record<string, string> = {};
      const collectOf = async (name: string, file: CustomFile): Promise<Dict> => {
        try {
          return asData(await collectFile(file, source), file);
        } catch (error) {
          found[name] = error instanceof FleetError ? errorLine(error) : `${file.path}: ${String(error)}`;
          log.warning('grains could not be collected', { file: file.path, reason: found[name] });
          return {};
        }
      };
      const parts = await Promise.all([...files].sort().map(([name, file]) => collectOf(name, file)));
      reasons = found;
      return parts;
    },
    broken: () => reasons,
  };
}

async function collectFile(file: CustomFile, source: GrainSource): Promise<unknown> {
  if (file.refusal !== undefined) throw new FleetError('MODULE_UNAVAILABLE', file.refusal);
  if (file.kind === 'program') return askProgram(file, source);
  const spec = await loadScript<GrainSpec>(file, whyNoGrains);
  return inTime(source.clock, file, Promise.resolve(spec.collect(source)));
}

async function askProgram(file: CustomFile, { exec }: GrainSource): Promise<unknown> {
  const { retcode, stdout, stderr, timedOut } = await exec([file.path], { timeoutMs: COLLECT_MS });
  if (timedOut) throw tooSlow(file);
  if (retcode !== 0) throw broken(file, stderr.trim() || `it ended with status ${retcode}`);
  const value = readProgramJson(stdout);
  if (value === undefined) throw broken(file, 'it wrote no JSON');
  return value;
}

async function inTime<T>(clock: Clock, file: CustomFile, answer: Promise<T>): Promise<T> {
  const answered = new AbortController();
  const tooLate = sleep(clock, COLLECT_MS, answered.signal).then(() => {
    throw tooSlow(file);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    answered.abort();
  }
}

/** What a message can carry, so that the master has the same. */
function asData(value: unknown, file: CustomFile): Dict {
  const data: unknown = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
  if (!isDict(data)) throw broken(file, 'what it gives is no mapping of names to values');
  return data;
}

function tooSlow(file: CustomFile): FleetError {
  return broken(file, `it took longer than ${COLLECT_MS / 1000} s`);
}

function broken({ path }: CustomFile, reason: string): FleetError {
  return new FleetError('MODULE_UNAVAILABLE', `${path}: ${reason}`);
}
