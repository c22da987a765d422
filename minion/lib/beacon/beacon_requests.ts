import * as v from 'valibot';
import { errorLine } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/log.ts';
import type { Beacons, Events } from '../../context.ts';

/** Salt's control tag on the minion's own bus. */
export const MANAGE_BEACONS = 'manage_beacons';

/** What can be asked, and the tag of the answer. Salt's tags begin with a `/`; a level of a topic is never empty. */
export const beaconAnswerTags = {
  list: 'salt/minion/minion_beacons_list_complete',
  list_available: 'salt/minion/minion_beacons_list_available_complete',
  validate_beacon: 'salt/minion/minion_beacon_validation_complete',
  add: 'salt/minion/minion_beacon_add_complete',
  modify: 'salt/minion/minion_beacon_modify_complete',
  delete: 'salt/minion/minion_beacon_delete_complete',
  enable: 'salt/minion/minion_beacons_enabled_complete',
  disable: 'salt/minion/minion_beacons_disabled_complete',
  enable_beacon: 'salt/minion/minion_beacon_enabled_complete',
  disable_beacon: 'salt/minion/minion_beacon_disabled_complete',
  reset: 'salt/minion/minion_beacon_reset_complete',
} as const;

export type BeaconFunction = keyof typeof beaconAnswerTags;

/** `c` comes back with the answer, so that who asked knows it from the answers to others. */
const BeaconRequestEvent = v.object({
  func: v.picklist(Object.keys(beaconAnswerTags) as BeaconFunction[]),
  name: v.optional(v.string()),
  beacon_data: v.optional(v.unknown()),
  c: v.optional(v.string()),
});

/** What the running minion answers: to every function `complete`, and what belongs to it. */
export const BeaconAnswer = v.object({
  complete: v.boolean(),
  /** What is configured now, by name. */
  beacons: v.optional(v.record(v.string(), v.unknown())),
  /** By name why it does not work at the moment. */
  problems: v.optional(v.record(v.string(), v.string())),
  available: v.optional(v.array(v.string())),
  comment: v.optional(v.string()),
  valid: v.optional(v.boolean()),
  vcomment: v.optional(v.string()),
});
export type BeaconAnswer = v.InferOutput<typeof BeaconAnswer>;

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
