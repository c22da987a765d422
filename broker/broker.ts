import { writeToStream } from 'mqtt-packet';
import type { Identity } from '../shared/protocol/access.ts';
import type { Packet } from '../shared/protocol/message.ts';
import type { BrokerOptions, TlsKeys } from './broker_options.ts';
import type { DeliveryFlags } from './connection.ts';
import { createCore } from './core.ts';
import { createAdmission } from './limits.ts';
import { type Listener, openListener } from './listeners.ts';
import type { NotedRefusal } from './refusals.ts';

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
  /** To one minion with these flags, and to nobody else: to see what it makes of them. False as for `send`. */
  play(id: string, packet: Packet, flags: DeliveryFlags): boolean;
  isOnline(id: string): boolean;
  /**
   * Bytes that wait for operators who subscribed to that very topic, the most of one; undefined when there is none.
   */
  backlogOf(topic: string): number | undefined;
  /** Closes that client's connections now. */
  disconnect(who: Identity, reason: string): void;
  /** What new connections of the TLS listeners are shown and judged by; those that are there go on. */
  replaceTls(keys: TlsKeys): void;
  /** The listeners, in the order given, as they came up: `/run/x.sock` or `127.0.0.1:41234`. */
  readonly addresses: readonly string[];
  /** Counters by name since start, for `salt-run` and metrics. */
  counters(): Readonly<Record<string, number>>;
  /** Who was refused what of late, the last first. */
  refusals(): readonly NotedRefusal[];
  close(): Promise<void>;
}

/** Opens the listeners. Throws ADDRESS_IN_USE, NOT_PERMITTED or CONFIG_INVALID when one cannot be opened. */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  // Else mqtt-packet prepares 65,536 buffers, 16 to 20 MB, to save the allocation of two bytes.
  writeToStream.cacheNumbers = false;
  const core = await createCore(options);
  const { registry, presence, delivery, counters, refusals } = core;
  const admission = createAdmission(options.limits, options.clock, (socket, reason) => {
    const client = socket.remoteAddress ?? 'unknown';
    refusals.note('connections_over_limit', { client, message: reason });
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
        clock: options.clock,
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
    play(id, { topic, payload, qos }, flags) {
      const connection = presence.connectionOf(id);
      const granted = connection?.qosFor(topic);
      if (connection === undefined || granted === undefined) return false;
      return connection.deliver(topic, payload, granted === 0 ? 0 : qos, undefined, flags);
    },
    backlogOf(topic) {
      let most: number | undefined;
      for (const { filters, isClosing, socket } of registry.watchers()) {
        if (filters.has(topic) && !isClosing) most = Math.max(most ?? 0, socket.writableLength);
      }
      return most;
    },
    isOnline: (id) => presence.connectionOf(id) !== undefined,
    disconnect(who, reason) {
      for (const connection of registry.all()) {
        if (connection.claimant?.role !== who.role || connection.claimant.id !== who.id) continue;
        options.log.info('client disconnected', { client: who.id, reason });
        connection.isMuted = true;
        connection.closeNow();
      }
    },
    replaceTls(keys) {
      for (const listener of listeners) listener.replaceTls(keys);
    },
    addresses: listeners.map((listener) => listener.address),
    counters: () => ({ ...counters, connections_open: registry.size }),
    refusals: refusals.list,
    close,
  };
}
