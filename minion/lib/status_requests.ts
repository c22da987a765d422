import * as v from 'valibot';
import { errorLine } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Events } from '../context.ts';
import { LinkStatus } from '../link/link_status.ts';

/** By these events of the minion's own bus a local process, such as `salt doctor`, asks how the minion stands. */
export const ASK_STATUS = 'minion_status';
export const ASK_STATUS_ANSWER = 'salt/minion/minion_status_complete';

const Question = v.object({ c: v.string() });
const Answer = v.object({ status: LinkStatus });

/** Fires how the minion stands with its master. */
export async function answerStatusRequest(
  payload: unknown,
  {
    status,
    events,
    log,
  }: { readonly status: () => LinkStatus; readonly events: Pick<Events, 'fire'>; readonly log: Logger },
): Promise<void> {
  const question = v.safeParse(Question, payload);
  if (!question.success) {
    return log.warning('an event minion_status is not understood', { reason: question.issues[0].message });
  }
  const answer = { c: question.output.c, status: status() };
  await events.fire(ASK_STATUS_ANSWER, answer).catch((error: unknown) => {
    log.warning('the state of the connection could not be told', { reason: errorLine(error) });
  });
}

/** What the running minion answered. */
export function readStatusAnswer(answer: unknown): LinkStatus {
  return v.parse(Answer, answer).status;
}
