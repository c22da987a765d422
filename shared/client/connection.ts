import { connect as netConnect } from 'node:net';
import type { Duplex } from 'node:stream';
import { type TLSSocket, type ConnectionOptions as TlsOptions, connect as tlsConnect } from 'node:tls';
import { systemClock, type Timer } from '../clock.ts';
import { FleetError } from '../errors.ts';
import { encodePuback, encodePublish } from '../protocol/encode_publish.ts';
import type { Packet } from '../protocol/message.ts';
import { connectReason, NO_ANSWER } from './connect_reason.ts';
import { createPacketStream, type PacketStream } from './packet_stream.ts';
import {
  disconnect,
  encodeConnect,
  encodeSubscribe,
  encodeUnsubscribe,
  type IncomingPacket,
  PACKET,
  pingreq,
  readPublish,
} from './packets.ts';
import { createUnderWay, type UnderWay } from './under_way.ts';

/** SUBACK's return code for a filter that is not granted. */
const REFUSED = 0x80;
/** What the return codes of CONNACK say [MQTT-3.2.2.3]. */
const CONNACK_REASONS = [
  '',
  'it does not speak this version of MQTT',
  'it does not take this client id',
  'it is not available',
  'wrong name or password',
  'not authorized',
];
/** Those that say: not this client. All others say: not now. */
const REFUSALS: ReadonlySet<number> = new Set([2, 4, 5]);

/** Of the time in which something must be said; half a time more without an answer, and the connection is over. */
const BEATS = 2;

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
  const { endpoint, keepaliveSeconds, received } = options;
  return new Promise((resolve, reject) => {
    const stream = openStream(endpoint);
    const underWay = createUnderWay();
    const packets = createPacketStream(stream, (packet) => {
      keptAlive.heard();
      return take(packet);
    });
    const keptAlive = keepAlive(stream, packets, keepaliveSeconds);
    const patience = systemClock.after(options.connectTimeoutMs, () => stream.destroy(silence()));
    let lastError: unknown;
    stream.on('error', (error) => {
      lastError ??= error;
    });
    const closed = new Promise<string>((over) => {
      stream.once('close', () => {
        patience.stop();
        keptAlive.stop();
        underWay.abandon(notConnected());
        reject(connectError(endpoint, lastError));
        over(lastError === undefined ? 'the connection was closed' : connectReason(lastError));
      });
    });
    const take = (packet: IncomingPacket): void | Promise<void> => {
      if (packet.type === PACKET.publish) return takePublish(packet);
      if (packet.type === PACKET.connack) begin(packet);
      else if (packet.type !== PACKET.pingresp) underWay.answer(packet);
    };
    const begin = ({ body }: IncomingPacket): void => {
      const code = body[1] ?? 0;
      if (code !== 0) throw refusedConnection(endpoint, code);
      patience.stop();
      resolve(connectionOf(stream, packets, underWay, closed));
    };
    const takePublish = (packet: IncomingPacket): void | Promise<void> => {
      const { topic, payload, retain, mid } = readPublish(packet);
      const taken = received(topic, payload, retain);
      if (mid === undefined) return taken;
      const acknowledge = (): void => packets.send(encodePuback(mid));
      return taken === undefined ? acknowledge() : taken.then(acknowledge);
    };
    packets.send(encodeConnect(options));
  });
}

/** Says something often enough for the broker, and ends a stream on which nothing is heard. */
function keepAlive(stream: Duplex, packets: PacketStream, seconds: number): Timer & { heard(): void } {
  let silentBeats = 0;
  const beat = systemClock.every((seconds * 1000) / BEATS, () => {
    silentBeats++;
    if (silentBeats > BEATS) stream.destroy(silence());
    else if (silentBeats === BEATS || !packets.hasSent()) packets.send(pingreq);
  });
  return {
    heard() {
      silentBeats = 0;
    },
    stop: beat.stop,
  };
}

function openStream(endpoint: Endpoint): Duplex {
  if (endpoint.kind === 'unix') return netConnect(endpoint.path);
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

function connectionOf(stream: Duplex, packets: PacketStream, underWay: UnderWay, closed: Promise<string>): Connection {
  let isClosing = false;
  const isOver = (): boolean => isClosing || !stream.writable;
  const unlessOver = (ask: () => Promise<void>): Promise<void> => (isOver() ? Promise.reject(notConnected()) : ask());
  return {
    closed,
    publish: ({ topic, payload, qos, retain }) => {
      const encode = (messageId: number | undefined): Buffer =>
        encodePublish({ topic, payload, qos, messageId, retain, dup: false });
      return unlessOver(() =>
        qos === 0
          ? underWay.write((written) => packets.send(encode(undefined), written))
          : underWay.request(PACKET.puback, (mid) => packets.send(encode(mid))),
      );
    },
    refuse: underWay.refuse,
    subscribe: (filters, qos = 1) =>
      unlessOver(() =>
        underWay.request(
          PACKET.suback,
          (mid) => packets.send(encodeSubscribe(mid, filters, qos)),
          (suback) => refusedSubscription(filters, suback),
        ),
      ),
    unsubscribe: (filters) =>
      unlessOver(() => underWay.request(PACKET.unsuback, (mid) => packets.send(encodeUnsubscribe(mid, filters)))),
    async close() {
      if (isOver()) stream.destroy();
      isClosing = true;
      // What is under way is over too when the connection ends.
      await underWay.idle();
      if (!stream.destroyed) {
        packets.send(disconnect);
        packets.end();
      }
      await closed;
    },
  };
}

/** By SUBACK's return codes behind the packet identifier [MQTT-3.9.3-2]. */
function refusedSubscription(filters: readonly string[], suback: Buffer): FleetError | undefined {
  const refused = filters.filter((_filter, index) => Number(suback[2 + index]) >= REFUSED);
  if (refused.length === 0) return undefined;
  return new FleetError('NOT_PERMITTED', `the broker refused the subscription to ${refused.join(', ')}`);
}

function silence(): Error {
  return new Error(NO_ANSWER);
}

function notConnected(): FleetError {
  return new FleetError('MASTER_UNREACHABLE', 'the connection ended before the message was acknowledged');
}

function refusedConnection(endpoint: Endpoint, code: number): FleetError {
  const reason = CONNACK_REASONS[code] ?? `code ${code}`;
  const error = REFUSALS.has(code) ? 'NOT_PERMITTED' : 'MASTER_UNREACHABLE';
  return new FleetError(error, `${placeOf(endpoint)} refused the connection: ${reason}`);
}

function connectError(endpoint: Endpoint, error: unknown): FleetError {
  if (error instanceof FleetError) return error;
  const reason = connectReason(error);
  return new FleetError('MASTER_UNREACHABLE', `cannot connect to ${placeOf(endpoint)}: ${reason}`, { cause: error });
}

function placeOf(endpoint: Endpoint): string {
  return endpoint.kind === 'unix' ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
}
