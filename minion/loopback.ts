import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Broker, type BrokerLimits, createBroker, type ListenerOptions } from '../broker/broker.ts';
import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/log.ts';
import { loopbackSocketName } from '../shared/paths.ts';
import { LocalEvent } from '../shared/protocol/messages/event.ts';

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

/** The minion's own event bus (EVT-2): a broker on this machine alone, of one message, `$local/<tag>`. */
export interface Loopback {
  fire(tag: string, data: Readonly<Record<string, unknown>>): void;
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

export const loopbackSocket = (sockDir: string): string => join(sockDir, loopbackSocketName);

export async function startLoopback(options: {
  readonly sockDir: string;
  /** On 127.0.0.1, or null for the unix socket alone. */
  readonly tcpPort: number | null;
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<Loopback> {
  await mkdir(options.sockDir, { recursive: true, mode: 0o755 });
  const listeners: ListenerOptions[] = [
    { kind: 'unix', path: loopbackSocket(options.sockDir), role: 'local', mode: 0o660 },
  ];
  if (options.tcpPort !== null)
    listeners.push({ kind: 'tcp', host: '127.0.0.1', port: options.tcpPort, role: 'local' });
  const broker: Broker = await createBroker({
    table: [LocalEvent],
    listeners,
    identities: { refuseMinion: () => 'this is a loopback broker', isOperator: () => false, owner: 'local' },
    limits: LIMITS,
    handlers: { received: () => undefined, online: () => undefined, offline: () => undefined },
    clock: options.clock,
    log: options.log,
  });
  return {
    fire: (tag, data) => broker.publish(LocalEvent.encode({ tag }, data, 'json')),
    addresses: broker.addresses,
    close: () => broker.close(),
  };
}
