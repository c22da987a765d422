import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { ifThere } from '../../shared/if_there.ts';
import type { Logger } from '../../shared/log.ts';
import { ItemStates, type ScheduleStore } from '../../shared/schedule/scheduler.ts';
import { writeFileAtomically } from '../lib/atomic_file.ts';

/**
 * What is known of the items of a schedule, in a file of JSON. One that cannot be read is begun anew, and that is told.
 */
export function createStateFile(path: string, log: Logger): ScheduleStore {
  return {
    async load() {
      const text = (await ifThere(readFile(path, 'utf8'))) ?? '{}';
      const result = v.safeParse(v.pipe(v.string(), v.parseJson(), ItemStates), text);
      if (result.success) return result.output;
      log.error('the state of the schedule cannot be read and is begun anew', { file: path });
      return {};
    },
    save: (states) => writeFileAtomically(path, `${JSON.stringify(states)}\n`, { mode: 0o600 }),
  };
}
