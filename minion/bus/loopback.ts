import * as v from 'valibot';
import { type Broker, createBroker } from '../../broker/broker.ts';
import type { BrokerLimits, ListenerOptions, Received } from '../../broker/broker_options.ts';
import type { Logger } from '../../shared/log.ts';
import { LocalEvent } from '../../shared/protocol/messages/event.ts';
import { loopbackSocket } from './claim_socket.ts';
import type { OwnBus, OwnBusOptions } from './own_bus.ts';

/** Any process of this machine that may open the socket is a local client; it sees `$local/#` and nothing else. */
const LIMITS: BrokerLimits = {
  packetBytesMax: 264 * 1024,
  connectPacketBytesMax: 4096,
  connectionsMax: 256,
  connectsPerSecond: 256,
  publishesPerSecond: 10_000,
  subscriptionsMax: 64,
  backlogBytesMax: 4 * 1024 * 1024,
  refusalsMax: 100,
};

/** A bus that every process of this machine may join: a broker of one message, `$local/<tag>`. */
export async function startLoopback(options: OwnBusOptions): Promise<OwnBus> {
  const listeners: ListenerOptions[] = [
    { kind: 'unix', path: loopbackSocket(options.sockDir), role: 'local', mode: 0o660 },
  ];
  if (options.tcpPort !== null)
    listeners.push({ kind: 'tcp', host: '127.0.0.1', port: options.tcpPort, role: 'local' });
  const broker: Broker = await createBroker({
    table: [LocalEvent],
    listeners,
    identities: {
      refuseMinion: () => 'this is a loopback broker',
      isOperator: () => false,
      isExternalOperator: () => undefined,
      isDevice: () => false,
      observerTopics: () => undefined,
      owner: 'local',
    },
    limits: LIMITS,
    handlers: {
      received(received) {
        options.heard(received.params.tag as string, received.payload as Readonly<Record<string, unknown>>);
        return crossOver(received, options.fireMaster, options.log);
      },
      online: () => undefined,
      offline: () => undefined,
    },
    clock: options.clock,
    log: options.log,
  });
  return {
    fire(tag, data) {
      broker.publish(LocalEvent.encode({ tag }, data, 'json'));
      options.heard(tag, data);
    },
    addresses: broker.addresses,
    close: () => broker.close(),
  };
}

/** Salt's control tag: `$local/fire_master` with `{tag, data}`. */
const CROSSING_TAG = 'fire_master';
const Crossing = v.object({
  tag: v.pipe(v.string(), v.minLength(1)),
  data: v.optional(v.record(v.string(), v.unknown()), {}),
});

function crossOver(
  { params, payload }: Received,
  fireMaster: (tag: string, data: Readonly<Record<string, unknown>>) => Promise<void>,
  log: Logger,
): undefined {
  if (params.tag !== CROSSING_TAG) return;
  const request = v.safeParse(Crossing, payload);
  if (!request.success) log.warning('an event for the master needs a tag and data', { given: payload });
  else
    fireMaster(request.output.tag, request.output.data).catch((error: unknown) => {
      log.warning('an event for the master could not be kept', { tag: request.output.tag, error: String(error) });
    });
}
