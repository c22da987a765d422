import * as v from 'valibot';
import { errorLine, fromReport, toReport } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/log.ts';
import { Args, ErrorValue, Kwargs } from '../../../shared/protocol/fields.ts';
import type { Events, MinionContext } from '../../context.ts';
import { readSaltEvent } from './salt_request.ts';

/** Salt's control tag on the minion's own bus, and the tag of the answer. */
export const MANAGE_SCHEDULE = 'manage_schedule';
export const MANAGE_SCHEDULE_ANSWER = 'salt/minion/manage_schedule_complete';

/** `func` is a function of the module `schedule`; `c` comes back with the answer. Salt's own events have the members after it. */
const ScheduleRequest = v.object({
  func: v.pipe(v.string(), v.regex(/^[a-z_]+$/, 'must be the name of a function of schedule')),
  arg: v.optional(Args, []),
  kwarg: v.optional(Kwargs, {}),
  c: v.optional(v.string()),
  name: v.optional(v.string()),
  schedule: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
  persist: v.optional(v.nullable(v.boolean())),
});

const Answer = v.object({ value: v.optional(v.unknown()), error: v.optional(ErrorValue) });

/** Does in the running minion what a local process, such as `salt-call schedule.add`, asks for, and fires the outcome. */
export async function answerScheduleRequest(
  payload: unknown,
  {
    context,
    events,
    log,
  }: { readonly context: Pick<MinionContext, 'call'>; readonly events: Pick<Events, 'fire'>; readonly log: Logger },
): Promise<void> {
  const request = v.safeParse(ScheduleRequest, payload);
  if (!request.success) {
    return log.warning('an event manage_schedule is not understood', { reason: request.issues[0].message });
  }
  const { c, name, schedule, persist, ...plain } = request.output;
  const isSalts = plain.arg.length === 0 && Object.keys(plain.kwarg).length === 0;
  const event = { func: plain.func, name, schedule: schedule ?? undefined, persist: persist ?? undefined };
  const { func, arg, kwarg } = (isSalts ? readSaltEvent(event) : undefined) ?? plain;
  const answer = await context.call(`schedule.${func}`, arg, kwarg).then(
    (value) => ({ value: value ?? null }),
    (error: unknown) => ({ error: toReport(error) }),
  );
  await events.fire(MANAGE_SCHEDULE_ANSWER, { ...answer, ...(c !== undefined && { c }) }).catch((error: unknown) => {
    log.warning('an answer about the schedule could not be given', { func, reason: errorLine(error) });
  });
}

/** What the running minion answered: the value, or the error thrown. */
export function readScheduleAnswer(answer: unknown): unknown {
  const { value, error } = v.parse(Answer, answer);
  if (error !== undefined) throw fromReport(error);
  return value;
}
