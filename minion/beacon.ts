import type { NetworkInterfaceInfo } from 'node:os';
import type * as v from 'valibot';
import type { MinionContext } from './context.ts';

/** All that a beacon may touch. What it starts ends with it: `signal` fires when it is stopped. */
export interface BeaconContext
  extends Pick<MinionContext, 'id' | 'clock' | 'exec' | 'root' | 'log' | 'signal' | 'grains' | 'call'> {
  /**
   * Ticks at once and then every `interval` seconds, until the beacon is stopped. One that looks longer than that misses
   * ticks: they do not pile up. What is yielded between two ticks is what was seen at the first of them.
   */
  ticks(): AsyncIterable<void>;
  /** The addresses of the network interfaces that are up, now. */
  interfaces(): NodeJS.Dict<NetworkInterfaceInfo[]>;
}

/** When a condition that lasts is told; the keys are Salt's. */
export interface BeaconTiming {
  /** Once when it begins or changes, instead of at every tick. */
  readonly onchangeonly: boolean;
  /** Also what is so at the first tick. */
  readonly emitatstartup: boolean;
  /** Seconds that it must last, with onchangeonly. */
  readonly delay: number;
}

/** What a beacon yields: one event. */
export interface BeaconEvent {
  /** What follows the beacon's name in the tag of the event. */
  readonly tag?: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** For a condition that lasts: what of it counts as a change. Left out for what happened once, which is always told. */
  readonly state?: string;
  /** Tells conditions of one beacon apart: a mount, a service. */
  readonly about?: string;
  /** Timing of this condition that differs from the beacon's. */
  readonly timing?: Partial<BeaconTiming>;
}

/** A watcher that fires events. The keys that all beacons have in common are the runner's; see BeaconCommon. */
export interface BeaconSpec<S extends v.GenericSchema> {
  /** One sentence with a full stop. */
  readonly summary: string;
  /** Further paragraphs. */
  readonly description?: string;
  /** What may stand under its name, beside the common keys. */
  readonly config: S;
  /** A configuration that works: what stands under its name. */
  readonly example: readonly Readonly<Record<string, unknown>>[];
  /** The members of its events, by what they are. */
  readonly data: Readonly<Record<string, string>>;
  /** Seconds between two looks when `interval` does not say. Default 1, as in Salt. */
  readonly interval?: number;
  /** Why it cannot work here, or undefined when it can. */
  unavailable?(context: MinionContext): string | undefined;
  /** May throw: it is then started again, later and later. */
  watch(context: BeaconContext, config: v.InferOutput<S>): AsyncIterable<BeaconEvent>;
}

/** A beacon of any configuration, as the runner and the documentation see it. */
export type AnyBeacon = BeaconSpec<v.GenericSchema>;

/** Dropping the file into minion/beacons is all that it takes. */
export function defineBeacon<const S extends v.GenericSchema>(spec: BeaconSpec<S>): AnyBeacon {
  return spec as unknown as AnyBeacon;
}
