import type { Socket } from 'node:net';
import { Aedes, type AedesPublishPacket } from 'aedes';
import { toReport } from '../shared/errors.ts';
import type { LogFields, Logger } from '../shared/log.ts';
import { createTurns } from '../shared/pace.ts';
import { createAccess } from '../shared/protocol/access.ts';
import type { Packet } from '../shared/protocol/message.ts';
import { dropClosedClients, skipPublishes, startCounter } from './aedes_internals.ts';
import type { BrokerHandlers, BrokerOptions, ListenerOptions } from './broker_options.ts';
import { createDelivery, type Delivery } from './delivery.ts';
import { type Counters, createCounters, createLimitedWarning } from './limits.ts';
import { createPresence, type PresenceKeeper } from './presence.ts';
import { createPublishGate, NOWHERE } from './publish_gate.ts';
import { createRefusals, type Refusals } from './refusals.ts';
import { createRegistry, type Registry } from './registry.ts';
import { createRetainedStore } from './retained.ts';
import { createSessions } from './sessions.ts';
import { createSubscribeGate } from './subscribe_gate.ts';
import { asBuffer, ownCopy } from './transcode.ts';
import { createVolatilePersistence } from './volatile_persistence.ts';

const BROKER_ID = 'brine';
const CONNECT_TIMEOUT_MS = 10_000;
/** How long a client's socket may stay full; what waits in it meanwhile is limited by `backlogBytesMax`. */
const DRAIN_TIMEOUT_MS = 15_000;
/** QoS 2 messages that a client began and did not release. None of ours has QoS 2. */
const UNRELEASED_MAX = 64;
/** Our ids within Aedes are longer than the 23 characters of MQTT 3.1; what clients send is checked before. */
const AEDES_ID_MAX = 256;

type StatePacket = Pick<AedesPublishPacket, 'cmd' | 'topic' | 'payload' | 'qos'> & { readonly payload: Buffer };

/** Aedes with our rules in each of its hooks; it has no doors yet. */
export interface Core {
  readonly registry: Registry;
  readonly presence: PresenceKeeper;
  readonly delivery: Delivery;
  readonly counters: Counters;
  readonly refusals: Refusals;
  readonly warn: (message: string, fields: LogFields) => void;
  /** MQTT begins on this socket. */
  accept(socket: Socket, door: ListenerOptions): void;
  publish(packet: Packet): void;
  retain(packet: Packet): void;
  close(): Promise<void>;
}

export async function createCore(options: BrokerOptions): Promise<Core> {
  const { table, limits, clock, log } = options;
  const handlers = guardHandlers(options.handlers, log);
  const access = createAccess(table);
  const counters = createCounters();
  const refusals = createRefusals(counters, clock);
  const registry = createRegistry();
  const retained = createRetainedStore<StatePacket>(table);
  const warn = createLimitedWarning(log, clock);
  const takeTurn = createTurns();
  const presence = createPresence({ clock, handlers, publish: (packet) => publish(packet) });
  const delivery = createDelivery({ access, registry, limits, refusals, log });
  const shared = { registry, counters, refusals, warn, takeTurn };
  const sessions = createSessions({ ...options, ...shared, brokerId: BROKER_ID, presence });
  const mayPublish = createPublishGate({ ...shared, access, limits, handlers, delivery, log });
  const subscriptions = createSubscribeGate({ access, registry, limits, presence, handlers, refusals, log });
  const aedes = await Aedes.createBroker({
    id: BROKER_ID,
    // Above 0, one subscriber that does not read stops delivery to all, and the backlog overflows the stack.
    concurrency: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    drainTimeout: DRAIN_TIMEOUT_MS,
    maxInflightInbound: UNRELEASED_MAX,
    maxClientsIdLength: AEDES_ID_MAX,
    persistence: createVolatilePersistence(retained),
    preConnect: sessions.preConnect,
    authenticate: sessions.authenticate,
    authorizePublish: mayPublish,
    authorizeSubscribe: subscriptions.authorize,
    authorizeForward: delivery.forward,
  });
  startCounter(aedes, clock.nowMs());
  dropClosedClients(aedes);
  skipPublishes(aedes, NOWHERE);
  aedes.on('subscribe', (granted, client) => subscriptions.subscribed(client, granted));
  aedes.on('unsubscribe', (filters, client) => subscriptions.unsubscribed(client, filters));
  aedes.on('clientError', sessions.failed);
  aedes.on('connectionError', sessions.failed);

  function publish(packet: Packet): void {
    if (registry.size === 0 && !packet.retain) return;
    if (!packet.retain && access.isForWatchers(packet.topic)) {
      delivery.toObservers(packet);
      return;
    }
    aedes.publish({ cmd: 'publish', dup: false, ...packet, payload: asBuffer(packet.payload) }, (error) => {
      if (error && !aedes.closed) log.error('publish failed', { topic: packet.topic, error: error.message });
    });
  }

  return {
    registry,
    presence,
    delivery,
    counters,
    refusals,
    warn,
    publish,
    accept: (socket, door) => sessions.accept(aedes, socket, door),
    retain: (packet) => retained.store({ cmd: 'publish', ...packet, payload: ownCopy(packet.payload) }),
    close: () => new Promise((resolve) => aedes.close(resolve)),
  };
}

/** What the owner of the broker throws at news is a bug of its own, not a reason to lose a connection. */
function guardHandlers(handlers: BrokerHandlers, log: Logger): BrokerHandlers {
  const guard =
    <A extends readonly unknown[]>(name: string, run: (...args: A) => void) =>
    (...args: A): void => {
      try {
        run(...args);
      } catch (error) {
        log.error(`the broker's ${name} handler failed`, { error: toReport(error).message });
      }
    };
  return {
    received: (received) => handlers.received(received),
    online: guard('online', (id, since, address) => handlers.online(id, since, address)),
    offline: guard('offline', (id, since) => handlers.offline(id, since)),
    subscribed: guard('subscribed', (who, filter) => handlers.subscribed?.(who, filter)),
  };
}
