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
  /** All that are that minion's or observer's; of others none: names of operators are shared, fingerprints but claimed. */
  connectionsOf(who: Identity): ReadonlySet<Connection>;
  /** How many offer a key and wait. */
  readonly unenrolled: number;
  readonly size: number;
}

export function createRegistry(): Registry {
  const connections = new Set<Connection>();
  const watchers = new Set<Connection>();
  const unenrolled = new Set<Connection>();
  const named = new Map<string, Set<Connection>>();
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
      const { who, session } = connection;
      if (who !== undefined && isNamed(who)) {
        const others = named.get(nameOf(who));
        others?.delete(connection);
        if (others?.size === 0) named.delete(nameOf(who));
      }
      if (session !== undefined && sessions.get(session) === connection) sessions.delete(session);
    },
    of: (client) => byClient.get(client),
    identify(connection, who, session) {
      connection.who = who;
      connection.session = session;
      if (who.role === 'operator' || who.role === 'observer') watchers.add(connection);
      if (who.role === 'unenrolled') unenrolled.add(connection);
      if (isNamed(who)) named.set(nameOf(who), (named.get(nameOf(who)) ?? new Set()).add(connection));
      if (session === undefined) return undefined;
      const earlier = sessions.get(session);
      sessions.set(session, connection);
      return earlier;
    },
    connectionsOf: (who) => named.get(nameOf(who)) ?? NONE,
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

const NONE: ReadonlySet<Connection> = new Set();

function isNamed({ role }: Identity): boolean {
  return role === 'minion' || role === 'observer';
}

function nameOf({ role, id }: Identity): string {
  return `${role} ${id}`;
}
