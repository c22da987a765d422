import { dirname, join } from 'node:path';
import { readConfigFile } from '../../shared/config/read_config_file.ts';
import { FleetError } from '../../shared/errors.ts';
import { makeWithParents } from '../../shared/make_with_parents.ts';
import { isDict } from '../../shared/python_text.ts';
import { fromJs } from '../../shared/render/values/border.ts';
import { dumpYaml } from '../../shared/render/yaml/dump_yaml.ts';
import { writeFileAtomically } from '../lib/atomic_file.ts';

/** A `schedule:` as Salt writes it: items by name, with the settings that stand beside them. */
export type ScheduleData = Readonly<Record<string, unknown>>;
export type ScheduleChange = (schedule: ScheduleData) => ScheduleData;

/** The minion's schedule as it is written: configured, and changed since. */
export interface ScheduleBook {
  readonly file: string;
  /** What is in force. */
  all(): ScheduleData;
  /** Changes what is in force; `persist` writes all of it to the file too, as Salt does. */
  change(change: ScheduleChange, persist: boolean): Promise<void>;
  /** Changes what stands in the file alone: it is in force after a reload. */
  changeFile(change: ScheduleChange): Promise<void>;
  /** What stands in the file; undefined when there is none, or no schedule in it. */
  readFile(): Promise<ScheduleData | undefined>;
}

/** Of the drop-ins, so that it is read with the configuration at the next start. */
const FILE_NAME = '_schedule.conf';

/** Items of the file stand in place of configured ones of the same name, whole: half of each would be neither. */
export async function openScheduleBook(config: {
  readonly config_dir: string;
  readonly default_include: string;
  readonly schedule: ScheduleData;
}): Promise<ScheduleBook> {
  const file = join(config.config_dir, dirname(config.default_include), FILE_NAME);
  const read = () => readScheduleFile(file);
  let schedule: ScheduleData = { ...config.schedule, ...(await read()) };
  // One write after another: each has all of the schedule, and the last must win.
  let writing: Promise<void> = Promise.resolve();
  const write = (make: () => ScheduleData | Promise<ScheduleData>): Promise<void> => {
    const written = writing.catch(() => undefined).then(async () => writeScheduleFile(file, await make()));
    writing = written;
    return written;
  };
  return {
    file,
    all: () => schedule,
    async change(change, persist) {
      schedule = change(schedule);
      const written = schedule;
      if (persist) await write(() => written);
    },
    changeFile: (change) => write(async () => change((await read()) ?? {})),
    readFile: read,
  };
}

async function writeScheduleFile(file: string, schedule: ScheduleData): Promise<void> {
  try {
    await makeWithParents(dirname(file));
    await writeFileAtomically(file, dumpYaml(fromJs({ schedule })), { mode: 0o600 });
  } catch (cause) {
    throw new FleetError('FILE_UNREADABLE', `${file}: the schedule cannot be written: ${(cause as Error).message}`, {
      cause,
      hint: 'let the minion write there, or pass persist=False',
    });
  }
}

async function readScheduleFile(file: string): Promise<ScheduleData | undefined> {
  const schedule = (await readConfigFile(file)).find(({ key }) => key === 'schedule')?.value;
  return isDict(schedule) ? schedule : undefined;
}
