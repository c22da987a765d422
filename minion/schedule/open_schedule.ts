import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import { readSchedule } from '../../shared/schedule/read_schedule.ts';
import { createScheduler } from '../../shared/schedule/scheduler.ts';
import { localZone } from '../../shared/schedule/zone.ts';
import type { MinionConfig } from '../config.ts';
import type { Grains } from '../context.ts';
import type { RunOwnJob } from '../jobs/own_jobs.ts';
import { createItemRunner } from './run_item.ts';
import { openScheduleBook } from './schedule_book.ts';
import { createSchedules } from './schedules.ts';
import { createStateFile } from './state_file.ts';

/** The schedule of a minion: what functions see of it, and the scheduler, which is not started yet. Throws CONFIG_INVALID. */
export async function openSchedule(options: {
  readonly config: MinionConfig;
  readonly grains: Pick<Grains, 'all'>;
  readonly runOwnJob: RunOwnJob;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}) {
  const { config, grains, runOwnJob, clock, random, log } = options;
  const book = await openScheduleBook(config);
  const surroundings = () => ({
    // For items alone: the first look at zones takes 13 ms and 2 MB.
    get timezone() {
      return localZone();
    },
    whens: grains.all().whens,
  });
  const scheduler = createScheduler({
    schedule: readSchedule(book.all(), surroundings()),
    store: createStateFile(join(config.cachedir, 'schedule.json'), log),
    run: createItemRunner({ runOwnJob, returners: config.schedule_returner }),
    clock,
    random,
    log,
  });
  return { scheduler, schedules: createSchedules({ book, surroundings, scheduler }) };
}
