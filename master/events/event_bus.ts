import type { Clock } from '../../shared/clock.ts';
import { eventStamp } from '../../shared/event_stamp.ts';
import type { Logger } from '../../shared/log.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { MasterEvent } from '../../shared/protocol/messages/event.ts';

export type EventData = Readonly<Record<string, unknown>>;
export type EventListener = (tag: string, data: EventData) => void;

/** The master's event bus (EVT-1): Salt's tags, data with a `_stamp`, out to MQTT as `salt/event/<tag>`. */
export interface EventBus {
  emit(tag: string, data: EventData): void;
  /** Called for each event, in order; the answer stops it. A listener that throws is logged and hurts nobody else. */
  listen(listener: EventListener): () => void;
}

export function createEventBus(options: {
  readonly publish: (packet: Packet) => void;
  readonly clock: Clock;
  readonly log: Logger;
}): EventBus {
  const listeners = new Set<EventListener>();
  return {
    emit(tag, data) {
      const stamped = { _stamp: eventStamp(options.clock.nowMs()), ...data };
      try {
        options.publish(MasterEvent.encode({ tag }, stamped, 'json'));
      } catch (error) {
        options.log.error('an event could not be published', { tag, error: String(error) });
      }
      for (const listener of listeners) {
        try {
          listener(tag, stamped);
        } catch (error) {
          options.log.error('a listener of the event bus failed', { tag, error: String(error) });
        }
      }
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
