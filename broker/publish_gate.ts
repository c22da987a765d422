import type { AedesOptions, PublishPacket } from 'aedes';
import { toReport } from '../shared/errors.ts';
import type { LogFields, Logger } from '../shared/log.ts';
import type { TakeTurn } from '../shared/pace.ts';
import type { Access, Identity } from '../shared/protocol/access.ts';
import type { Packet } from '../shared/protocol/message.ts';
import { Refusal } from '../shared/protocol/messages/event.ts';
import { checkPublish, type Refused } from './acl.ts';
import type { BrokerHandlers, BrokerLimits, Received } from './broker_options.ts';
import type { Connection } from './connection.ts';
import type { Delivery } from './delivery.ts';
import type { Counters } from './limits.ts';
import type { Refusals } from './refusals.ts';
import type { Registry } from './registry.ts';

/** Nobody may subscribe to it, and Aedes looks for nobody. */
export const NOWHERE = '$nowhere';
const NOTHING = Buffer.alloc(0);
/** A refusal must fit the 256-byte packet of a constrained minion. */
const REPORTED_CHARACTERS = { topic: 64, message: 96 } as const;

/**
 * What comes in: each publish is judged here before it is acknowledged or delivered. `done(error)` ends the connection.
 */
export type PublishGate = NonNullable<AedesOptions['authorizePublish']>;

export function createPublishGate(options: {
  readonly access: Access;
  readonly registry: Registry;
  readonly limits: BrokerLimits;
  readonly handlers: Pick<BrokerHandlers, 'received'>;
  readonly delivery: Delivery;
  readonly counters: Counters;
  readonly refusals: Refusals;
  readonly log: Logger;
  readonly warn: (message: string, fields: LogFields) => void;
  readonly takeTurn: TakeTurn;
}): PublishGate {
  const { access, registry, limits, handlers, delivery, counters, refusals, log, warn, takeTurn } = options;

  const report = (connection: Connection, who: Identity, publish: PublishPacket, refused: Refused): void => {
    const packet = encodeRefusal(who, publish, refused);
    if (who.role === 'minion' || who.role === 'operator') delivery.toOne(connection, packet, packet.qos);
    delivery.toObservers(packet, connection);
  };

  /**
   * A refused publish is answered and goes nowhere. Were it answered by an error, Aedes would close the connection
   * without PUBACK, and the client would connect and send the same again, for ever.
   */
  const refuse = (connection: Connection, who: Identity, packet: PublishPacket, refused: Refused): void => {
    const { topic } = packet;
    report(connection, who, packet, refused);
    packet.topic = NOWHERE;
    packet.payload = NOTHING;
    packet.retain = false;
    refusals.note(`publishes_refused_${refused.reason}`, { client: who.id, message: refused.message, topic });
    log.debug('publish refused', { client: who.id, topic, reason: refused.reason, message: refused.message });
    connection.refusals++;
    if (connection.refusals < limits.refusalsMax || !connection.close()) return;
    warn('client disconnected: too many refused publishes', {
      client: who.id,
      refusals: connection.refusals,
      last: refused.message,
    });
  };

  /** What only operators and observers may see goes to those who asked for it, and Aedes need not look for others. */
  const show = (connection: Connection, packet: PublishPacket): void => {
    const { topic, payload, qos, retain } = packet;
    // Of QoS 2 Aedes knows which came twice.
    if (retain || qos === 2 || !access.isForWatchers(topic)) return;
    delivery.toObservers({ topic, payload: payload as Buffer, qos, retain });
    packet.topic = NOWHERE;
    // Then Aedes has nothing to acknowledge either; where it is too much for the socket, Aedes waits for that.
    const { messageId } = packet as Numbered;
    if (qos === 1 && messageId !== undefined && connection.acknowledge(messageId)) packet.qos = 0;
  };

  const accept = (
    received: Received,
    connection: Connection,
    packet: PublishPacket,
    done: (error?: Error | null) => void,
  ): void => {
    counters.publishes_accepted++;
    const settle = (): void => {
      show(connection, packet);
      done(null);
    };
    const failed = (cause: unknown): Error => {
      log.error('a received message was not handled', { topic: received.topic, error: toReport(cause).message });
      return new Error('the message was not handled', { cause });
    };
    const handled = handle(handlers, received);
    if (received.message.stored) {
      // PUBACK is commit: until then the client keeps what must be stored, and sends it again if this connection ends.
      // One commit is of many publishes: to acknowledge them all at once would take too long.
      (handled ?? Promise.resolve()).then(
        () => takeTurn(settle),
        (cause: unknown) => takeTurn(() => done(failed(cause))),
      );
    } else {
      handled?.catch(failed);
      settle();
    }
  };

  return (client, packet, done) => {
    const connection = client === null ? undefined : registry.of(client);
    const who = connection?.who;
    if (connection === undefined || who === undefined) return done(new Error('publish of a client that is not known'));
    // What was read together with the publish that ended a connection is not answered any more; wills come later.
    if (connection.isMuted || (connection.isClosing && !connection.client.closed)) return;
    const publish = { topic: packet.topic, payload: packet.payload as Buffer, retain: packet.retain, qos: packet.qos };
    const judgement = checkPublish(access, who, publish, connection.mayPublishNow);
    if (!('reason' in judgement)) return accept(judgement, connection, packet, done);
    refuse(connection, who, packet, judgement);
    done(null);
  };
}

/** A throw becomes a rejection. */
function handle(handlers: Pick<BrokerHandlers, 'received'>, received: Received): Promise<void> | undefined {
  try {
    return handlers.received(received);
  } catch (cause) {
    return Promise.reject(cause);
  }
}

/** A will has none. */
type Numbered = PublishPacket & { readonly messageId?: number };

function encodeRefusal(who: Identity, publish: PublishPacket, { reason, message }: Refused): Packet {
  const { topic, qos, messageId } = publish as Numbered;
  const payload = {
    topic: topic.slice(0, REPORTED_CHARACTERS.topic),
    reason,
    message: message.slice(0, REPORTED_CHARACTERS.message),
    // Which of several it was: its author may want to send it again.
    ...(qos > 0 && { mid: messageId }),
  };
  return Refusal.encode({ id: who.id }, payload, 'json');
}
