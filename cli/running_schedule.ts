import type { Catalogue, MinionContext, MinionFunction } from '../minion/context.ts';
import {
  MANAGE_SCHEDULE,
  MANAGE_SCHEDULE_ANSWER,
  readScheduleAnswer,
} from '../minion/lib/schedule/schedule_requests.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import type { LocalBus } from './local_bus.ts';

const ANSWER_SECONDS = 60;

/** The functions of `schedule` act in the minion that runs, when one does; without it on what is written. */
export function withRunningSchedule(catalogue: Catalogue, bus: LocalBus): Catalogue {
  const handedOn = (func: string, spec: MinionFunction): MinionFunction => ({
    ...spec,
    async run(context, values, extra) {
      if (!(await bus.isThere())) return spec.run(context, values, extra);
      const kwarg = { ...values, ...extra.kwargs };
      const answer = await bus.ask(MANAGE_SCHEDULE, { func, kwarg }, MANAGE_SCHEDULE_ANSWER, ANSWER_SECONDS);
      return readScheduleAnswer(answer);
    },
  });
  return {
    get moduleNames() {
      return catalogue.moduleNames;
    },
    refresh: () => catalogue.refresh(),
    async find(name) {
      const found = await catalogue.find(name);
      if (name !== 'schedule' || found === undefined || !('functions' in found)) return found;
      const { functions } = found;
      const entries = Object.entries(functions).map(([func, spec]) => [func, handedOn(func, spec)] as const);
      return { ...found, functions: Object.fromEntries(entries) } satisfies ModuleSpec<MinionContext>;
    },
  };
}
