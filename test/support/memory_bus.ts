import { createEventBus, type EventBus } from '../../master/events/event_bus.ts';
import { openEventLog } from '../../master/events/event_log.ts';
import type { EventOfEnd } from '../../master/jobs/tracker.ts';
import type { Clock } from '../../shared/clock.ts';
import { type Logger, silentLogger } from '../../shared/log.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { createMemoryStore } from './memory_store.ts';

/** The master's bus with its log in memory. */
export function createMemoryBus(options: {
  readonly clock: Clock;
  readonly publish?: (packet: Packet) => void;
  readonly log?: Logger;
}): EventBus {
  const { clock, publish = () => undefined, log = silentLogger } = options;
  const eventLog = openEventLog({ store: createMemoryStore(), keepMs: 0, bytesMax: 2 ** 30, clock, log });
  return createEventBus({ eventLog, publish, clock, log });
}

/** For trackers whose bus nobody hears. */
export const unheardEvent: EventOfEnd = () => ({
  change: { table: 'events', key: [0], value: undefined },
  fire: () => undefined,
  drop: () => undefined,
});
