import { type Clock, nowSeconds } from '../shared/clock.ts';
import type { Packet } from '../shared/protocol/message.ts';
import { Presence } from '../shared/protocol/messages/event.ts';
import { Job } from '../shared/protocol/messages/job.ts';
import { topicFilter } from '../shared/protocol/topic.ts';
import type { BrokerHandlers } from './broker_options.ts';
import type { Connection } from './connection.ts';

/** Which minions are reachable: connected and subscribed to their own jobs. Wills and payloads have no say in it. */
export interface PresenceKeeper {
  /** The minion's newest connection; an earlier one does not count any more, and its end says nothing. */
  connected(connection: Connection, id: string): void;
  /** The connection's filters changed. */
  changed(connection: Connection, id: string): void;
  ended(connection: Connection, id: string): void;
  /** It is offline now, and the end of its connection says nothing any more. */
  forget(id: string): void;
  /** Its connection, when it is online. */
  connectionOf(id: string): Connection | undefined;
  /** Tells nothing any more: when the broker goes, that is not news about minions. */
  stop(): void;
}

interface Entry {
  readonly connection: Connection;
  /** What was told last. */
  isOnline: boolean;
  /** This connection is subscribed. */
  isSubscribed: boolean;
}

export function createPresence(options: {
  readonly clock: Clock;
  readonly handlers: Pick<BrokerHandlers, 'online' | 'offline'>;
  readonly publish: (packet: Packet) => void;
}): PresenceKeeper {
  const { clock, handlers, publish } = options;
  const entries = new Map<string, Entry>();

  const goOnline = (entry: Entry, id: string): void => {
    const since = nowSeconds(clock);
    const { address } = entry.connection;
    entry.isOnline = true;
    publish(Presence.encode({ id }, { online: true, since, address }, 'json'));
    handlers.online(id, since, address);
  };
  const goOffline = (entry: Entry, id: string): void => {
    const since = nowSeconds(clock);
    entry.isOnline = false;
    publish(Presence.encode({ id }, { online: false, since }, 'json'));
    handlers.offline(id, since);
  };

  const remove = (entry: Entry, id: string): void => {
    entries.delete(id);
    if (entry.isOnline) goOffline(entry, id);
  };

  return {
    connected(connection, id) {
      entries.set(id, { connection, isOnline: entries.get(id)?.isOnline ?? false, isSubscribed: false });
    },
    changed(connection, id) {
      const entry = entries.get(id);
      if (entry?.connection !== connection) return;
      const wasSubscribed = entry.isSubscribed;
      entry.isSubscribed = isSubscribedToJobs(connection, id);
      if (entry.isSubscribed && !wasSubscribed) goOnline(entry, id);
      if (!entry.isSubscribed && wasSubscribed) goOffline(entry, id);
    },
    ended(connection, id) {
      const entry = entries.get(id);
      if (entry?.connection === connection) remove(entry, id);
    },
    forget(id) {
      const entry = entries.get(id);
      if (entry !== undefined) remove(entry, id);
    },
    connectionOf(id) {
      const entry = entries.get(id);
      return entry?.isSubscribed ? entry.connection : undefined;
    },
    stop: () => entries.clear(),
  };
}

function isSubscribedToJobs(connection: Connection, id: string): boolean {
  const own = topicFilter(Job.topic, { id });
  return connection.filters.has(own) || connection.filters.has(`${own}/#`);
}
