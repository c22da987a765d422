import type { Client } from 'aedes';
import type { Identity } from '../shared/protocol/access.ts';
import type { Connection } from './connection.ts';

/** Every connection, by what it is looked up with. */
export interface Registry {
  add(connection: Connection): void;
  remove(connection: Connection): void;
  of(client: Client): Connection | undefined;
  /** Notes whose it is; returns the connection that it takes over. */
  identify(connection: Connection, who: Identity, session: string | undefined): Connection | undefined;
  all(): Iterable<Connection>;
  /** Operators and observers. */
  watchers(): Iterable<Connection>;
  /** How many offer a key and wait. */
  readonly unenrolled: number;
  readonly size: number;
}

export function createRegistry(): Registry {
  const connections = new Set<Connection>();
  const watchers = new Set<Connection>();
  const unenrolled = new Set<Connection>();
  const sessions = new Map<string, Connection>();
  const byClient = new WeakMap<Client, Connection>();
  return {
    add(connection) {
      connections.add(connection);
      byClient.set(connection.client, connection);
    },
    remove(connection) {
      connections.delete(connection);
      watchers.delete(connection);
      unenrolled.delete(connection);
      const { session } = connection;
      if (session !== undefined && sessions.get(session) === connection) sessions.delete(session);
    },
    of: (client) => byClient.get(client),
    identify(connection, who, session) {
      connection.who = who;
      connection.session = session;
      if (who.role === 'operator' || who.role === 'observer') watchers.add(connection);
      if (who.role === 'unenrolled') unenrolled.add(connection);
      if (session === undefined) return undefined;
      const earlier = sessions.get(session);
      sessions.set(session, connection);
      return earlier;
    },
    all: () => connections,
    watchers: () => watchers,
    get unenrolled() {
      return unenrolled.size;
    },
    get size() {
      return connections.size;
    },
  };
}
