import * as v from 'valibot';
import { errorLine } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/log.ts';
import type { Beacons, Events } from '../../context.ts';
import { type BeaconFunction, beaconAnswerTags } from './beacon_answer.ts';

/** Salt's control tag on the minion's own bus. */
export const MANAGE_BEACONS = 'manage_beacons';

/** `c` comes back with the answer, so that who asked knows it from the answers to others. */
const BeaconRequestEvent = v.object({
  func: v.picklist(Object.keys(beaconAnswerTags) as BeaconFunction[]),
  name: v.optional(v.string()),
  beacon_data: v.optional(v.unknown()),
  c: v.optional(v.string()),
});

/** Answers what local processes, `salt-call` among them, ask of the running minion about its beacons. */
export async function answerBeaconRequest(
  payload: unknown,
  { beacons, events, log }: { readonly beacons: Beacons; readonly events: Pick<Events, 'fire'>; readonly log: Logger },
): Promise<void> {
  const request = v.safeParse(BeaconRequestEvent, payload);
  if (!request.success) {
    return log.warning('an event manage_beacons is not understood', { reason: request.issues[0].message });
  }
  const { func, name, beacon_data, c } = request.output;
  const answer = await beacons
    .manage({ func, ...(name !== undefined && { name }), beacon_data })
    .catch((error: unknown) => ({ complete: false, comment: errorLine(error) }));
  await events.fire(beaconAnswerTags[func], { ...answer, ...(c !== undefined && { c }) });
}
