import { createFleet, type Fleet } from '../../master/fleet.ts';
import { createGrainCache } from '../../master/grains/grain_cache.ts';
import { createGrainIndex } from '../../master/grains/grain_index.ts';
import type { Devices } from '../../master/keys/devices.ts';
import type { Clock } from '../../shared/clock.ts';
import { createMemoryStore } from './memory_store.ts';

/** A fleet whose minions have told no grains. */
export function createTestFleet(options: {
  readonly acceptedIds: () => readonly string[];
  readonly clock: Clock;
  readonly devices?: Pick<Devices, 'get'>;
}): Fleet {
  const devices = { get: () => undefined };
  return createFleet({
    devices,
    ...options,
    index: createGrainIndex(createGrainCache(createMemoryStore())),
    nodegroups: {},
  });
}
