import type { MinionConfig } from '../config.ts';
import type { OwnBus, OwnBusOptions } from './own_bus.ts';
import { openQuietBus } from './quiet_bus.ts';

/** The broker is imported by a minion that has one. */
export async function openOwnBus(profile: MinionConfig['profile'], options: OwnBusOptions): Promise<OwnBus> {
  if (profile === 'lite') return openQuietBus(options);
  const { startLoopback } = await import('./loopback.ts');
  return startLoopback(options);
}
