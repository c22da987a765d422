import * as v from 'valibot';
import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/log.ts';
import { readSchedule } from '../shared/schedule/read_schedule.ts';
import {
  createScheduler,
  type Firing,
  ItemStates,
  type Scheduler,
  type ScheduleStore,
} from '../shared/schedule/scheduler.ts';
import { localZone } from '../shared/schedule/zone.ts';
import type { CallRunner } from './call_runner.ts';
import type { MasterConfig } from './config.ts';
import { SCHEDULE_USER } from './jobs/scheduled.ts';
import type { Store } from './store/store.ts';

/** The master's own schedule (SCH-1): it calls runners and, as `wheel.<module>.<function>`, wheel functions. Throws CONFIG_INVALID. */
export function createMasterSchedule(options: {
  readonly config: Pick<MasterConfig, 'schedule'>;
  readonly store: Store;
  readonly callRunner: CallRunner;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}): Scheduler {
  const { config, store, callRunner, clock, random, log } = options;
  return createScheduler({
    schedule: readSchedule(config.schedule, { timezone: localZone(), callsRunners: true }),
    store: statesIn(store, log),
    run: async (firing) => void (await callRunner(SCHEDULE_USER, callOf(firing))),
    clock,
    random,
    log,
  });
}

function callOf({ fun, item }: Firing): Parameters<CallRunner>[1] {
  const [, kind, name] = /^(?:(runner|wheel)\.)?(\w+\.\w+)$/.exec(fun) ?? [];
  return {
    op: kind === 'wheel' ? 'wheel' : 'runner',
    fun: name ?? fun,
    arg: [...(item.args ?? [])],
    kwarg: { ...item.kwargs },
  };
}

const KEY = ['states'];

function statesIn(store: Store, log: Logger): ScheduleStore {
  return {
    async load() {
      const result = v.safeParse(ItemStates, store.get('schedule', KEY) ?? {});
      if (result.success) return result.output;
      log.error('the state of the schedule cannot be read and is begun anew');
      return {};
    },
    save: (states) => store.write([{ table: 'schedule', key: KEY, value: states }]),
  };
}
