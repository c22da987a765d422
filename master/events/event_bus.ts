import type { Clock } from '../../shared/clock.ts';
import { eventStamp } from '../../shared/event_stamp.ts';
import type { Logger } from '../../shared/log.ts';
import { encodePayload } from '../../shared/protocol/codec.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { MasterEvent } from '../../shared/protocol/messages/event.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import type { Change } from '../store/store.ts';
import type { EventLog } from './event_log.ts';
import type { EventData } from './event_record.ts';

export type EventListener = (tag: string, data: EventData) => void;

/** An event that tells of a change of the store: both are stored together, and only then does it go out. */
export interface HeldEvent {
  /** To be written with the change, at once. */
  readonly change: Change;
  /** It is stored. */
  fire(): void;
  /** It could not be stored. */
  drop(): void;
}

/**
 * The master's event bus (EVT-1): Salt's tags, data with a `_stamp`, out to MQTT as `salt/event/<tag>` at once and into
 * the event log with the next commit.
 */
export interface EventBus {
  emit(tag: string, data: EventData): void;
  /** Resolves when the event would survive a power cut. */
  emitStored(tag: string, data: EventData): Promise<void>;
  hold(tag: string, data: EventData): HeldEvent;
  /** Called for each event, in order; the answer stops it. A listener that throws is logged and hurts nobody else. */
  listen(listener: EventListener): () => void;
}

export function createEventBus(options: {
  readonly eventLog: Pick<EventLog, 'add' | 'hold'>;
  readonly publish: (packet: Packet) => void;
  readonly clock: Clock;
  readonly log: Logger;
}): EventBus {
  const { eventLog, clock, log } = options;
  const listeners = new Set<EventListener>();
  let stampedMs = Number.NaN;
  let _stamp = '';
  const stamp = (data: EventData): EventData => {
    if (data._stamp !== undefined) return data;
    const nowMs = clock.nowMs();
    // Many are of one millisecond, and to write a date takes as long as to encode some of them.
    if (nowMs !== stampedMs) _stamp = eventStamp(nowMs);
    stampedMs = nowMs;
    return Object.assign({ _stamp }, data, { _stamp });
  };

  /** A value that JSON cannot say is a bug of whoever fired it; who listens hears at least that there was something. */
  const encode = (tag: string, data: EventData): Uint8Array => {
    try {
      return encodePayload(data, 'json');
    } catch (error) {
      log.error('an event could not be encoded', { tag, error: String(error) });
      return encodePayload({ _stamp: data._stamp, error: 'the data of this event could not be encoded' }, 'json');
    }
  };
  const goOut = (tag: string, data: EventData, payload: Uint8Array): void => {
    try {
      options.publish({ topic: formatTopic(MasterEvent.topic, { tag }), payload, qos: MasterEvent.qos, retain: false });
    } catch (error) {
      log.error('an event could not be published', { tag, error: String(error) });
    }
    for (const listener of listeners) {
      try {
        listener(tag, data);
      } catch (error) {
        log.error('a listener of the event bus failed', { tag, error: String(error) });
      }
    }
  };
  const emitStored: EventBus['emitStored'] = (tag, data) => {
    const stamped = stamp(data);
    // The bytes that go out are the bytes that are stored.
    const payload = encode(tag, stamped);
    const { stored } = eventLog.add(tag, payload);
    goOut(tag, stamped, payload);
    return stored;
  };
  return {
    emitStored,
    // What cannot be stored is counted and told by the event log.
    emit: (tag, data) => void emitStored(tag, data),
    hold(tag, data) {
      const stamped = stamp(data);
      const payload = encode(tag, stamped);
      const { change, settle } = eventLog.hold(tag, payload);
      return {
        change,
        fire() {
          settle(true);
          goOut(tag, stamped, payload);
        },
        drop: () => settle(false),
      };
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
