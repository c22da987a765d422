import { writeToStream } from 'mqtt-packet';
import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/log.ts';
import type { Identity } from '../shared/protocol/access.ts';
import type { AnyMessage, Packet } from '../shared/protocol/message.ts';
import { createCore } from './core.ts';
import { createAdmission } from './limits.ts';
import { type Listener, openListener } from './listeners.ts';

/** A door. Port 0 means any free port; `Broker.addresses` says which. */
export type ListenerOptions =
  /** Operators: who can open the socket file is the master's own user. Minion loopback brokers use it with `local`. */
  | { readonly kind: 'unix'; readonly path: string; readonly role: 'operator' | 'local'; readonly mode: number }
  /** Debugging and constrained clients: user name and password required. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly role: 'operator' | 'local' }
  /** Minions (with a client certificate) and enrolment (without). */
  | {
      readonly kind: 'tls';
      readonly host: string;
      readonly port: number;
      readonly keyPem: string;
      readonly certPem: string;
      readonly caPem: string;
    };

/** What the broker needs to know of who may connect. Answers are immediate: all of it is in memory. */
export interface IdentityStore {
  /** Undefined when that key is accepted for that minion id; else why not, as one line for the log. */
  refuseMinion(id: string, fingerprint: string): string | undefined;
  /** Name and password of an operator; must take the same time whether or not the name exists. */
  isOperator(user: string, password: string): boolean;
  /** The operator that the owner of the unix socket is. */
  readonly owner: string;
}

/** Each limit has a name and a unit; reaching one is reported with both. */
export interface BrokerLimits {
  /** Largest packet taken from a client, bytes. */
  readonly packetBytesMax: number;
  /** Largest packet before CONNECT was accepted, bytes. */
  readonly connectPacketBytesMax: number;
  /** Connections at a time, a tenth of them for clients that wait for enrolment. Operators' unix socket is exempt. */
  readonly connectionsMax: number;
  /** New connections per second, with bursts of as many; more are closed and counted. */
  readonly connectsPerSecond: number;
  /** Publishes per second of one client, with bursts of five seconds' worth. Operators are not limited. */
  readonly publishesPerSecond: number;
  /** Filters of one client. */
  readonly subscriptionsMax: number;
  /** Bytes waiting in one client's socket before it is disconnected as too slow. */
  readonly backlogBytesMax: number;
  /** Refused publishes of one connection before it is closed. */
  readonly refusalsMax: number;
}

/** One accepted publish: allowed by the table, decoded, checked against its schema. */
export interface Received {
  readonly who: Identity;
  readonly message: AnyMessage;
  readonly topic: string;
  readonly params: Readonly<Record<string, string>>;
  readonly payload: unknown;
  readonly retain: boolean;
}

export interface BrokerHandlers {
  /**
   * Called once for each accepted publish. For returns the promise is awaited before PUBACK (PUBACK is commit) and a
   * rejection closes the connection without PUBACK so that the client sends again; for all else the call is synchronous.
   */
  received(received: Received): undefined | Promise<void>;
  /** A minion is connected and subscribed to its jobs. */
  online(id: string, since: number, address: string): void;
  offline(id: string, since: number): void;
  /** An operator or local client subscribed. */
  subscribed?(who: Identity, filter: string): void;
}

export interface BrokerOptions {
  readonly table: readonly AnyMessage[];
  readonly listeners: readonly ListenerOptions[];
  readonly identities: IdentityStore;
  readonly limits: BrokerLimits;
  readonly handlers: BrokerHandlers;
  readonly clock: Clock;
  readonly log: Logger;
}

/** All that the master (or a minion's loopback bus) needs of a broker; a foreign one could stand in. */
export interface Broker {
  /** To whoever subscribed and may receive it. */
  publish(packet: Packet): void;
  /**
   * To one minion, without waiting behind anybody else, and to the observers of that topic. False when it is not
   * online or not subscribed to that topic. `acknowledged` is called at its PUBACK; there is none for a minion that
   * subscribed with QoS 0.
   */
  send(id: string, packet: Packet, acknowledged?: () => void): boolean;
  isOnline(id: string): boolean;
  /** Closes that client's connections now. */
  disconnect(who: Identity, reason: string): void;
  /** The listeners, in the order given, as they came up: `/run/x.sock` or `127.0.0.1:41234`. */
  readonly addresses: readonly string[];
  /** Counters by name since start, for `salt-run` and metrics. */
  counters(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** Opens the listeners. Throws ADDRESS_IN_USE, NOT_PERMITTED or CONFIG_INVALID when one cannot be opened. */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  // Else mqtt-packet prepares 65,536 buffers, 16 to 20 MB, to save the allocation of two bytes.
  writeToStream.cacheNumbers = false;
  const core = await createCore(options);
  const { registry, presence, delivery, counters } = core;
  const admission = createAdmission(options.limits, options.clock, (socket, reason) => {
    counters.connections_over_limit++;
    core.warn('connection closed: over the limit', { address: socket.remoteAddress, reason });
  });
  const listeners: Listener[] = [];

  const close = async (): Promise<void> => {
    presence.stop();
    for (const connection of registry.all()) connection.isMuted = true;
    const stopped = listeners.map((listener) => listener.close());
    await core.close();
    admission.closeAll();
    await Promise.all(stopped);
  };

  try {
    for (const door of options.listeners) {
      // Only the master's own user can open it, and must be able to when strangers take all the rest.
      const isOwnersDoor = door.kind === 'unix' && door.role === 'operator';
      const listener = await openListener(door, {
        admit: (socket) => admission.admit(socket, isOwnersDoor),
        accept: (socket) => core.accept(socket, door),
        log: options.log,
      });
      listeners.push(listener);
    }
  } catch (error) {
    await close();
    throw error;
  }

  return {
    publish: core.publish,
    send(id, packet, acknowledged) {
      const connection = presence.connectionOf(id);
      const qos = connection?.qosFor(packet.topic);
      if (connection === undefined || qos === undefined) return false;
      if (!delivery.toOne(connection, packet, qos === 0 ? 0 : packet.qos, acknowledged)) return false;
      if (packet.retain) core.retain(packet);
      delivery.toObservers(packet, connection);
      return true;
    },
    isOnline: (id) => presence.connectionOf(id) !== undefined,
    disconnect(who, reason) {
      for (const connection of registry.all()) {
        if (connection.who?.role !== who.role || connection.who.id !== who.id) continue;
        options.log.info('client disconnected', { client: who.id, reason });
        connection.isMuted = true;
        connection.closeNow();
      }
    },
    addresses: listeners.map((listener) => listener.address),
    counters: () => ({ ...counters, connections_open: registry.size }),
    close,
  };
}
