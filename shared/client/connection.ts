import { connect as netConnect } from 'node:net';
import type { Duplex } from 'node:stream';
import { type TLSSocket, type ConnectionOptions as TlsOptions, connect as tlsConnect } from 'node:tls';
import type { IClientOptions } from 'mqtt';
// Not 'mqtt' itself: that loads WebSocket and mini-program transports, half of the start-up time.
import mqttClient from 'mqtt/lib/client';
import { FleetError } from '../errors.ts';
import type { Packet } from '../protocol/message.ts';
import { connectReason } from './connect_reason.ts';

/** SUBACK's return code for a filter that is not granted. */
const REFUSED = 0x80;
/** CONNACK's return codes that say: not this client. All others say: not now [MQTT-3.2.2.3]. */
const REFUSALS: ReadonlySet<number> = new Set([2, 4, 5]);

/** What mqtt.js says of what is pending when no answer to a ping came, while its stream is still there. */
const GIVEN_UP = 'Connection closed';

/** Where and how to reach a broker. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | {
      readonly kind: 'tls';
      readonly host: string;
      readonly port: number;
      readonly options: TlsOptions;
      readonly secured?: (socket: TLSSocket) => void;
      /** Told each session that the next connection may resume. */
      readonly session?: (session: Buffer) => void;
    };

export interface ConnectionOptions {
  readonly endpoint: Endpoint;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly keepaliveSeconds: number;
  readonly connectTimeoutMs: number;
  /**
   * Called for each message before its PUBACK: what must survive is durable when it returns. It must be quick: nothing
   * else is read meanwhile, the answer to a ping included (aedes.md §4). What it throws is a bug and closes the connection.
   */
  readonly received: (topic: string, payload: Uint8Array, retain: boolean) => void | Promise<void>;
}

/** One connection, for as long as it lasts; who wants another makes another. */
export interface Connection {
  /** Resolves at PUBACK (QoS 1) or when written (QoS 0); rejects when the connection ends before, or with what `refuse` was told. */
  publish(packet: Packet): Promise<void>;
  /** The broker says that it did not take the publish with this packet identifier; its PUBACK is still to come. */
  refuse(mid: number, error: FleetError): void;
  /** With QoS 1 unless it is said. Rejects with NOT_PERMITTED when the broker refuses one of them. */
  subscribe(filters: readonly string[], qos?: 0 | 1): Promise<void>;
  unsubscribe(filters: readonly string[]): Promise<void>;
  /** Resolves with the reason when the connection is over, for whatever cause. */
  readonly closed: Promise<string>;
  close(): Promise<void>;
}

/** Connects once: no reconnecting, no store, no queue of its own. Rejects with MASTER_UNREACHABLE, NOT_PERMITTED or KEY_MISMATCH. */
export function openConnection(options: ConnectionOptions): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let lastError: unknown;
    const client = new mqttClient.default(() => {
      const stream = openStream(options.endpoint);
      stream.on('error', (error) => {
        lastError ??= error;
      });
      return stream;
    }, clientOptions(options));
    client.handleMessage = (packet, done) => {
      const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
      Promise.resolve(options.received(packet.topic, payload, packet.retain)).then(
        () => done(),
        (error: unknown) => {
          lastError ??= error;
          client.end(true);
        },
      );
    };
    const closed = new Promise<string>((over) => {
      client.once('close', () =>
        over(lastError === undefined ? 'the connection was closed' : connectReason(lastError)),
      );
    });
    client.on('error', (error) => {
      lastError ??= error;
    });
    client.once('close', () => reject(connectError(options.endpoint, lastError)));
    client.once('connect', () => resolve(connectionOf(client, closed)));
  });
}

function clientOptions({
  clientId,
  username,
  password,
  keepaliveSeconds,
  connectTimeoutMs,
}: ConnectionOptions): IClientOptions {
  return {
    protocolVersion: 4,
    clientId,
    clean: true,
    keepalive: keepaliveSeconds,
    connectTimeout: connectTimeoutMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // mqtt-packet otherwise fills 16 to 20 MB with pre-built numbers (aedes.md 0.9).
    writeCache: false,
    // A debugger that is switched off is asked a dozen times for each packet.
    log: () => undefined,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
}

function openStream(endpoint: Endpoint): Duplex {
  if (endpoint.kind === 'unix') return connectLocally(endpoint.path);
  if (endpoint.kind === 'tcp') return netConnect({ host: endpoint.host, port: endpoint.port, noDelay: true });
  const socket = tlsConnect({ host: endpoint.host, port: endpoint.port, ...endpoint.options });
  socket.setNoDelay(true);
  const { secured, session } = endpoint;
  if (session !== undefined) socket.on('session', session);
  if (secured !== undefined) {
    socket.once('secureConnect', () => {
      try {
        secured(socket);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }
  return socket;
}

/** Whoever ends it does not wait for the other side: what was written is there, and a busy master sees the end much later. */
function connectLocally(path: string): Duplex {
  const socket = netConnect(path);
  return socket.once('finish', () => socket.destroy());
}

function connectionOf(client: InstanceType<typeof mqttClient.default>, closed: Promise<string>): Connection {
  // mqtt.js would keep what is not acknowledged for the next connection; there is none, so it is told at once.
  const pending = new Set<(error: Error) => void>();
  const refused = new Map<number, FleetError>();
  void closed.then(() => {
    for (const reject of pending) reject(notConnected());
  });
  const request = (start: (settle: (error?: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      if (isOver(client)) return reject(notConnected());
      pending.add(reject);
      start((error) => {
        pending.delete(reject);
        // mqtt.js has many words for it, in errors without a code.
        if (error) reject(isOver(client) || error.message === GIVEN_UP ? notConnected(error) : error);
        else resolve();
      });
    });
  return {
    closed,
    publish: ({ topic, payload, qos, retain }) =>
      request((settle) => {
        const body = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
        client.publish(topic, body, { qos, retain }, (error, packet) => {
          const mid = packet?.messageId ?? 0;
          settle(error ?? refused.get(mid));
          refused.delete(mid);
        });
      }),
    refuse: (mid, error) => void refused.set(mid, error),
    subscribe: (filters, qos = 1) =>
      request((settle) => {
        client.subscribe([...filters], { qos }, (error, _grants, suback) => {
          // mqtt.js makes one error of all filters that were refused [MQTT-3.9.3-2].
          const refused = filters.filter((_filter, index) => Number(suback?.granted[index]) >= REFUSED);
          settle(refused.length === 0 ? error : refusedSubscriptions(refused));
        });
      }),
    unsubscribe: (filters) =>
      request((settle) => {
        client.unsubscribe([...filters], (error) => settle(error));
      }),
    async close() {
      // mqtt.js would wait for acknowledgements that cannot come any more.
      if (isOver(client)) client.end(true);
      else await Promise.race([client.endAsync(), closed]);
    },
  };
}

function isOver(client: InstanceType<typeof mqttClient.default>): boolean {
  // mqtt.js gives up what is pending when its stream has closed, and only then counts as not connected.
  return !client.connected || client.disconnecting || client.stream.destroyed;
}

function refusedSubscriptions(filters: readonly string[]): FleetError {
  return new FleetError('NOT_PERMITTED', `the broker refused the subscription to ${filters.join(', ')}`);
}

function notConnected(cause?: unknown): FleetError {
  return new FleetError('MASTER_UNREACHABLE', 'the connection ended before the message was acknowledged', { cause });
}

function connectError(endpoint: Endpoint, error: unknown): FleetError {
  if (error instanceof FleetError) return error;
  const where = endpoint.kind === 'unix' ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
  if (error instanceof Error && 'code' in error && typeof error.code === 'number') {
    const code = REFUSALS.has(error.code) ? 'NOT_PERMITTED' : 'MASTER_UNREACHABLE';
    return new FleetError(code, `${where} refused the connection: ${error.message}`, { cause: error });
  }
  return new FleetError('MASTER_UNREACHABLE', `cannot connect to ${where}: ${connectReason(error)}`, { cause: error });
}
