import * as v from 'valibot';

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
