import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Flag, Real, Text } from '../../../shared/plugin/args.ts';
import type { PluginFolder } from '../../../shared/plugin/load_folder.ts';
import { isDict } from '../../../shared/python_text.ts';
import { fromJs } from '../../../shared/render/values/border.ts';
import { dumpYaml } from '../../../shared/render/yaml/dump_yaml.ts';
import { nearest } from '../../../shared/suggest.ts';
import type { AnyBeacon } from '../../beacon.ts';
import type { MinionContext } from '../../context.ts';

/** Longest wait that a timer of Node takes, in whole days. */
const SECONDS_MAX = 24 * 86_400;

function seconds(least: number) {
  const words = `must be a number of seconds from ${least} to ${SECONDS_MAX}`;
  return v.pipe(Real, v.minValue(least, words), v.maxValue(SECONDS_MAX, words));
}

/** Keys that say when a condition is told: of a beacon, and of each service of `service`. */
export const timingKeys = {
  onchangeonly: v.pipe(
    v.optional(Flag),
    v.description('Tell a condition when it begins or changes, not at each tick.'),
  ),
  emitatstartup: v.pipe(v.optional(Flag), v.description('Tell also what is so at the first tick. Default True.')),
  delay: v.pipe(
    v.optional(seconds(0)),
    v.description('With onchangeonly: seconds that a condition must last before it is told.'),
  ),
};

/** Keys that every beacon has (BCN-2, BCN-3). */
export const BeaconCommon = v.object({
  interval: v.pipe(v.optional(seconds(0.1)), v.description('Seconds between two looks.')),
  ...timingKeys,
  disable_during_state_run: v.pipe(v.optional(Flag, false), v.description('Look away while a state run is going on.')),
  enabled: v.pipe(v.optional(Flag, true), v.description('False: keep the configuration and do nothing.')),
  run_once: v.pipe(v.optional(Flag, false), v.description('Look once and set `enabled` to False.')),
  beacon_module: v.pipe(
    v.optional(Text),
    v.description('The beacon that this is, when it goes by another name; so one beacon can be configured many times.'),
  ),
});
export type BeaconCommon = v.InferOutput<typeof BeaconCommon>;

/** One configured beacon, checked. */
export interface ConfiguredBeacon {
  readonly spec: AnyBeacon;
  readonly common: BeaconCommon;
  readonly config: unknown;
}

/**
 * Reads what stands under the name of a beacon. Throws CONFIG_INVALID that says which beacon, which key and what is
 * right.
 */
export async function readBeacon(
  name: string,
  value: unknown,
  folder: PluginFolder<AnyBeacon>,
  context: MinionContext,
): Promise<ConfiguredBeacon> {
  const members = toMembers(name, value);
  const common = check(
    name,
    BeaconCommon,
    pick(members, (key) => key in BeaconCommon.entries),
  );
  const module = common.beacon_module ?? name;
  const spec = await findBeacon(module, folder);
  const reason = spec.unavailable?.(context);
  if (reason !== undefined) throw new FleetError('MODULE_UNAVAILABLE', `beacons: ${name}: cannot work here: ${reason}`);
  const own = pick(members, (key) => !(key in BeaconCommon.entries));
  return { spec, common, config: check(name, spec.config, own, spec.example) };
}

/** The name of the beacon that a configuration asks for; it need not be a right one. */
export function moduleOf(name: string, value: unknown): string {
  const found = (Array.isArray(value) ? value : [value]).find((item) => isDict(item) && 'beacon_module' in item);
  return isDict(found) ? String(found.beacon_module) : name;
}

/** A list of mappings, which is how Salt writes it, or one mapping; later ones win. */
function toMembers(name: string, value: unknown): Record<string, unknown> {
  const items = value === null || value === undefined ? [] : Array.isArray(value) ? value : [value];
  const wrong = items.find((item) => !isDict(item));
  if (wrong === undefined) return Object.assign({}, ...items) as Record<string, unknown>;
  throw new FleetError('CONFIG_INVALID', `beacons: ${name}: ${JSON.stringify(wrong)} is not a key with a value`, {
    hint: 'write a list of keys with values, such as `- interval: 5`',
  });
}

function pick(members: Readonly<Record<string, unknown>>, isWanted: (key: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([key]) => isWanted(key)));
}

async function findBeacon(name: string, folder: PluginFolder<AnyBeacon>): Promise<AnyBeacon> {
  const spec = await folder.load(name);
  if (spec !== undefined) return spec;
  const near = nearest(name, folder.names);
  throw new FleetError('CONFIG_INVALID', `beacons: ${name}: there is no such beacon`, {
    hint: near === undefined ? 'see beacons.list_available' : `did you mean ${near}?`,
  });
}

function check<S extends v.GenericSchema>(
  name: string,
  schema: S,
  value: Readonly<Record<string, unknown>>,
  example?: readonly unknown[],
): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  const place = path === null ? `beacons: ${name}` : `beacons: ${name}: ${path}`;
  throw new FleetError('CONFIG_INVALID', `${place}: ${problem(issue)}`, hintOf(schema, issue, example));
}

/** Valibot's own words for a missing key are about types. */
function problem(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'strict_object') return issue.expected === 'never' ? 'there is no such key' : 'is needed';
  return issue.message.startsWith('Invalid') ? `must be ${issue.expected}` : issue.message;
}

function hintOf(
  schema: v.GenericSchema,
  issue: v.BaseIssue<unknown>,
  example: readonly unknown[] | undefined,
): { hint?: string } {
  const known = 'entries' in schema ? Object.keys(schema.entries as object) : [];
  const key = String(issue.path?.[0]?.key);
  const near = known.includes(key) ? undefined : nearest(key, [...known, ...Object.keys(BeaconCommon.entries)]);
  if (near !== undefined) return { hint: `did you mean ${near}?` };
  if (example === undefined) return {};
  return {
    hint: `for example ${dumpYaml(fromJs(example), { flow: true, width: Number.POSITIVE_INFINITY, sortKeys: false }).trim()}`,
  };
}
