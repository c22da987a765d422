import * as v from 'valibot';
import { readOptionalFile } from '../../shared/crypto/private_file.ts';
import type { Logger } from '../../shared/log.ts';
import { ItemStates, type ScheduleStore } from '../../shared/schedule/scheduler.ts';
import { writeFileAtomically } from '../lib/atomic_file.ts';

/**
 * What is known of the items of a schedule, in a file of JSON. One that holds something else is begun anew, and that is told.
 * Loading throws FILE_UNREADABLE.
 */
export function createStateFile(path: string, log: Logger): ScheduleStore {
  return {
    async load() {
      const text = (await readOptionalFile(path)) ?? '{}';
      const result = v.safeParse(v.pipe(v.string(), v.parseJson(), ItemStates), text);
      if (result.success) return result.output;
      log.error('the state of the schedule cannot be read and is begun anew', { file: path });
      return {};
    },
    save: (states) => writeFileAtomically(path, `${JSON.stringify(states)}\n`, { mode: 0o600 }),
  };
}
