import type { EventBus } from './event_bus.ts';
import type { EventData } from './event_record.ts';

/**
 * A minion's event as it stands on the bus: `id` and `tag` come from the connection and the topic. The payload of a custom
 * event is nested under `data` (EVT-4); a start or a beacon has its members at the top. The time is the minion's: an event
 * may have waited in its outbox. Resolves when it is stored: the minion may forget it then.
 */
export function emitMinionEvent(bus: EventBus, id: string, tag: string, payload: EventData): Promise<void> {
  const { _stamp, ...own } = payload;
  const members = tag.startsWith('salt/') ? own : { data: own };
  const stamp = typeof _stamp === 'string' && _stamp.length <= 40 ? { _stamp } : {};
  return bus.emitStored(tag, { ...stamp, ...members, id, tag, cmd: '_minion_event', pretag: null });
}
