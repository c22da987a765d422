import type { EventEmitter } from 'node:events';
import type { Aedes, Client } from 'aedes';

/**
 * What is used of Aedes 1.2.0 beyond its published types, in one place: an update of Aedes (its version is pinned)
 * starts by reading this file.
 */
export interface PacketParser extends EventEmitter {
  readonly packet: { readonly length: number };
  /** What it waits for: 0 is a packet's first byte. */
  readonly _stateCounter: number;
  /** Bytes that came and are not read. */
  readonly _list: { readonly length: number };
  /** Reads the remaining length of a packet's header; true when it is complete. */
  _parseLength(): boolean;
  _emitError(error: Error): void;
  parse(bytes: Buffer): number;
}

interface ClientInternals {
  readonly _parser: PacketParser;
  /** 0 or less: its client need not say anything. */
  readonly _keepaliveInterval: number;
  readonly _keepaliveTimer: NodeJS.Timeout;
  duplicates: object;
  waitForDrain(done: () => void): void;
}

interface BrokerInternals {
  counter: number;
  deleteClient(clientId: string): void;
}

export function parserOf(client: Client): PacketParser {
  return (client as unknown as ClientInternals)._parser;
}

/** Calls back when its socket has room again; a client that takes too long is disconnected. */
export function waitForDrain(client: Client, done: () => void): void {
  (client as unknown as ClientInternals).waitForDrain(done);
}

/**
 * Aedes drops what reaches a subscriber out of counter order as a duplicate, and a QoS 0 publish overtakes a QoS 1
 * publish of the same tick: the latter is lost (moscajs/aedes#955). This makes it forget what it delivered; a message
 * that two filters of one client match comes twice then, in direct succession, and `createForward` drops the second.
 */
export function createForgetting(brokerId: string): (client: Client) => void {
  const memory = Object.create(null, { [brokerId]: { get: () => 0, set: () => undefined } });
  return (client) => {
    (client as unknown as ClientInternals).duplicates = memory;
  };
}

type TakePacket = (this: PacketParser, packet: { readonly cmd: string; readonly messageId: number }) => void;

/** A PUBACK is told at once, past Aedes, whose store would be told of it by several promises. */
export function takePubacks(client: Client, released: (messageId: number) => void): void {
  const { _parser: parser } = client as unknown as ClientInternals;
  const [take] = parser.listeners('packet') as [TakePacket];
  parser.removeAllListeners('packet');
  parser.on('packet', function takePacket(packet) {
    if (packet.cmd !== 'puback' || !client.connected) return take.call(parser, packet);
    released(packet.messageId);
    const { _keepaliveInterval, _keepaliveTimer } = client as unknown as ClientInternals;
    if (_keepaliveInterval > 0) _keepaliveTimer.refresh();
  } satisfies TakePacket);
}

/** The counter is part of a message's identity: after a restart it must not run through the same values again. */
export function startCounter(aedes: Aedes, nowMs: number): void {
  (aedes as unknown as BrokerInternals).counter = nowMs * 1000;
}

/** A connection that ended between its authentication and its registration is registered for ever otherwise. */
export function dropClosedClients(aedes: Aedes): void {
  aedes.on('client', (client) => {
    if (client.closed) (aedes as unknown as BrokerInternals).deleteClient(client.id);
  });
}

type Done = (error?: Error) => void;

/** What is published to that topic goes nowhere. Aedes would look for subscribers all the same, by several promises. */
export function skipPublishes(aedes: Aedes, topic: string): void {
  const publish = aedes.publish as (packet: { readonly topic: string }, ...rest: unknown[]) => void;
  aedes.publish = function publishOrSkip(this: Aedes, packet: { readonly topic: string }, ...rest: unknown[]): void {
    if (packet.topic === topic) (rest.at(-1) as Done | undefined)?.();
    else publish.call(this, packet, ...rest);
  } as Aedes['publish'];
}
