import { FleetError } from '../../shared/errors.ts';
import {
  planItem,
  readSchedule,
  type Schedule,
  type ScheduleSurroundings,
} from '../../shared/schedule/read_schedule.ts';
import type { Scheduler } from '../../shared/schedule/scheduler.ts';
import type { Schedules } from '../context.ts';
import type { ScheduleBook } from './schedule_book.ts';

/** What functions see of the schedule. Without a scheduler, under `salt-call`, there is only what is written. */
export function createSchedules(options: {
  readonly book: ScheduleBook;
  readonly surroundings: () => ScheduleSurroundings;
  readonly scheduler: Pick<Scheduler, 'replace' | 'runNow' | 'state'> | undefined;
}): Schedules {
  const { book, surroundings, scheduler } = options;
  const read = (): Schedule => readSchedule(book.all(), surroundings());
  const apply = async (): Promise<void> => scheduler?.replace(read());
  return {
    all: book.all,
    written: async () => (await book.readFile()) ?? {},
    async change(change, { persist, offline }) {
      if (offline) return book.changeFile(change);
      if (scheduler === undefined && !persist) throw noScheduler('a change that is not written down');
      await book.change(change, persist);
      await apply();
    },
    async reload() {
      const written = await book.readFile();
      if (written === undefined) return false;
      await book.change((schedule) => ({ ...schedule, ...written }), false);
      await apply();
      return true;
    },
    check(name, item) {
      const { missed = 'skip', ...settings } = book.all() as { readonly missed?: 'skip' };
      return planItem(name, item, { ...settings, missed }, surroundings());
    },
    plan: (name) => read().items.get(name),
    problem: (name) => read().problems.get(name),
    state: (name) => scheduler?.state(name),
    run(name) {
      if (scheduler === undefined) throw noScheduler('running an item');
      return scheduler.runNow(name);
    },
  };
}

function noScheduler(what: string): FleetError {
  return new FleetError('COMMAND_FAILED', `${what} is for the minion that runs`, {
    hint: "call it by salt '<minion id>' schedule.… on the master",
  });
}
