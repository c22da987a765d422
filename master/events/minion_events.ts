import type { EventBus } from './event_bus.ts';
import type { EventData } from './event_record.ts';

const STAMP_LENGTH_MAX = 40;

/**
 * A minion's event as it stands on the bus: `id` and `tag` come from the connection and the topic. The payload of a custom
 * event is nested under `data` (EVT-4); a start or a beacon has its members at the top. The time is the minion's: an event
 * may have waited in its outbox. Resolves when it is stored: the minion may forget it then.
 */
export function emitMinionEvent(bus: EventBus, id: string, tag: string, payload: EventData): Promise<void> {
  const { _stamp: given, ...own } = payload;
  const _stamp = typeof given === 'string' && given.length <= STAMP_LENGTH_MAX ? given : undefined;
  // Of a flood, nearly all are custom ones: a literal takes a thirtieth of what it takes to spread two objects.
  const data = tag.startsWith('salt/')
    ? { ...own, _stamp, id, tag, cmd: '_minion_event', pretag: null }
    : { _stamp, data: own, id, tag, cmd: '_minion_event', pretag: null };
  return bus.emitStored(tag, data);
}
