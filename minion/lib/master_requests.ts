import * as v from 'valibot';
import { errorLine, fromReport, toReport } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { ErrorValue } from '../../shared/protocol/fields.ts';
import { requestVerbs } from '../../shared/protocol/messages/job.ts';
import type { Events, MasterRequests } from '../context.ts';

/** By these events of the minion's own bus a local process, such as `salt-call`, asks the master through the minion. */
export const ASK_MASTER = 'ask_master';
export const ASK_MASTER_ANSWER = 'salt/minion/ask_master_complete';

const Question = v.object({
  c: v.string(),
  verb: v.picklist(requestVerbs),
  payload: v.record(v.string(), v.unknown()),
  /** Seconds. */
  timeout: v.pipe(v.number(), v.minValue(0), v.maxValue(86_400)),
});

const Answer = v.object({ value: v.optional(v.unknown()), error: v.optional(ErrorValue) });

/** Asks the master for a local process and fires what it answers. */
export async function answerMasterRequest(
  payload: unknown,
  {
    master,
    events,
    log,
  }: { readonly master: MasterRequests; readonly events: Pick<Events, 'fire'>; readonly log: Logger },
): Promise<void> {
  const question = v.safeParse(Question, payload);
  if (!question.success) {
    return log.warning('an event ask_master is not understood', { reason: question.issues[0].message });
  }
  const { c, verb, payload: asked, timeout } = question.output;
  const answer = await master.ask(verb, asked, timeout).then(
    (value) => ({ value }),
    (error: unknown) => ({ error: toReport(error) }),
  );
  await events.fire(ASK_MASTER_ANSWER, { c, ...answer }).catch((error: unknown) => {
    log.warning('an answer of the master could not be handed on', { verb, reason: errorLine(error) });
  });
}

/** What the running minion answered: the value, or the error thrown. */
export function readMasterAnswer(answer: unknown): unknown {
  const { value, error } = v.parse(Answer, answer);
  if (error !== undefined) throw fromReport(error);
  return value;
}
