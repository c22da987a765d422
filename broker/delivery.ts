import type { AedesPublishPacket, Client } from 'aedes';
import { errorLine } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { Access, Identity } from '../shared/protocol/access.ts';
import type { Packet } from '../shared/protocol/message.ts';
import type { BrokerLimits } from './broker_options.ts';
import type { Connection } from './connection.ts';
import type { Refusals } from './refusals.ts';
import type { Registry } from './registry.ts';
import { createTranscoder } from './transcode.ts';

/** What goes out: Aedes' deliveries on their way, and our own that bypass Aedes. */
export interface Delivery {
  /** Aedes asks for each message and subscriber; null: not to this one. */
  forward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null;
  /** To that client alone; false when it may not have it or its connection ends. */
  toOne(connection: Connection, packet: Packet, qos: 0 | 1, acknowledged?: () => void): boolean;
  /** To each operator and observer that subscribed to the topic, once, except `except`. */
  toObservers(packet: Packet, except?: Connection): void;
}

export function createDelivery(options: {
  readonly access: Access;
  readonly registry: Registry;
  readonly limits: BrokerLimits;
  readonly refusals: Refusals;
  readonly log: Logger;
}): Delivery {
  const { access, registry, limits, refusals, log } = options;
  const transcode = createTranscoder();

  const endSlowReader = (connection: Connection): void => {
    connection.isSuspectedSlow = false;
    const backlogBytes = connection.socket.writableLength;
    if (backlogBytes <= limits.backlogBytesMax || !connection.close()) return;
    const message = `${backlogBytes} bytes wait, limit ${limits.backlogBytesMax}`;
    refusals.note('readers_too_slow', { client: connection.name, message });
    log.warning('client disconnected: it does not read what it subscribed to', {
      client: connection.who?.id,
      backlog_bytes: backlogBytes,
      limit: limits.backlogBytesMax,
    });
  };

  /** It counts after the current tick, when what was just written has had its chance to reach the kernel. */
  const checkBacklog = (connection: Connection): void => {
    if (connection.socket.writableLength <= limits.backlogBytesMax || connection.isSuspectedSlow) return;
    connection.isSuspectedSlow = true;
    setImmediate(() => {
      connection.sendGathered();
      setImmediate(endSlowReader, connection);
    });
  };

  /** Undefined when it cannot be shown: a payload of our own that is not what the protocol says is a bug. */
  const payloadFor = (who: Identity, packet: Packet | AedesPublishPacket): Uint8Array | undefined => {
    const payload = packet.payload as Uint8Array;
    if ((who.role !== 'operator' && who.role !== 'observer') || packet.topic.startsWith('$SYS/')) return payload;
    try {
      return transcode(payload);
    } catch (error) {
      log.error('a payload cannot be shown as JSON', { topic: packet.topic, error: errorLine(error) });
      return undefined;
    }
  };

  const toOne: Delivery['toOne'] = (connection, packet, qos, acknowledged) => {
    const { who } = connection;
    if (who === undefined) return false;
    if (packet.topic !== connection.lastGiven && !mayReceive(access, who, packet.topic)) return false;
    connection.lastGiven = packet.topic;
    checkBacklog(connection);
    const payload = payloadFor(who, packet);
    return payload !== undefined && connection.deliver(packet.topic, payload, qos, acknowledged);
  };

  return {
    forward(client, packet) {
      const connection = registry.of(client);
      const who = connection?.who;
      if (connection === undefined || who === undefined || connection.isClosing) return null;
      // Aedes offers a message to one client's filters in direct succession.
      if (packet.brokerCounter === connection.lastForwarded) return null;
      connection.lastForwarded = packet.brokerCounter;
      if (!mayReceive(access, who, packet.topic)) return null;
      const payload = payloadFor(who, packet);
      if (payload === undefined) return null;
      checkBacklog(connection);
      connection.gather();
      packet.payload = payload as Buffer;
      // Aedes lowers the quality of service neither for retained messages nor from 2 for filters with wildcards.
      packet.qos = Math.min(packet.qos, packet.retain ? (connection.qosFor(packet.topic) ?? 0) : 1) as 0 | 1;
      if (packet.qos > 0) packet.messageId = connection.messageIds.next();
      return packet;
    },
    toOne,
    toObservers(packet, except) {
      for (const observer of registry.watchers()) {
        const qos = observer === except ? undefined : observer.qosFor(packet.topic);
        if (qos === undefined) continue;
        observer.gather();
        toOne(observer, packet, qos === 0 ? 0 : packet.qos);
        observer.endWhenStuck();
      }
    },
  };
}

/** Aedes' own topics tell operators about connections, as with any MQTT broker. */
function mayReceive(access: Access, who: Identity, topic: string): boolean {
  return access.mayReceive(who, topic) || (who.role === 'operator' && topic.startsWith('$SYS/'));
}
