import { writeToStream } from 'mqtt-packet';
import type { Logger } from '../shared/log.ts';
import type { Identity } from '../shared/protocol/access.ts';
import type { AnyMessage, Packet } from '../shared/protocol/message.ts';
import { topicFilter } from '../shared/protocol/topic.ts';
import type { BrokerOptions, TlsKeys } from './broker_options.ts';
import type { DeliveryFlags } from './connection.ts';
import { createCore } from './core.ts';
import { createAdmission } from './limits.ts';
import { type Listener, openListener } from './listeners.ts';
import type { NotedRefusal } from './refusals.ts';
import type { Registry } from './registry.ts';

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
  /** The same for a minion that is one no more: it is offline at once, and what is retained of it is taken back. */
  forget(id: string, reason: string): void;
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

/** Retained under a topic, it takes back what was [MQTT-3.3.1-10]. */
const NOTHING = new Uint8Array();

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

  const disconnect = (who: Identity, reason: string): void => closeAllOf(registry, who, reason, options.log);

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
    disconnect,
    forget(id, reason) {
      disconnect({ role: 'minion', id }, reason);
      presence.forget(id);
      for (const topic of stateTopics(options.table, id))
        core.publish({ topic, payload: NOTHING, qos: 1, retain: true });
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

function closeAllOf(registry: Registry, who: Identity, reason: string, log: Logger): void {
  for (const connection of registry.all()) {
    if (connection.claimant?.role !== who.role || connection.claimant.id !== who.id) continue;
    log.info('client disconnected', { client: who.id, reason });
    connection.isMuted = true;
    connection.closeNow();
  }
}

/** The topics under which something of that minion may be retained. */
function stateTopics(table: readonly AnyMessage[], id: string): string[] {
  const ofMinions = table.filter(({ retain, topic }) => retain && topic.endsWith('/{id}'));
  return ofMinions.map(({ topic }) => topicFilter(topic, { id }));
}
