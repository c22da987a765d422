import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/log.ts';
import type { Identity } from '../shared/protocol/access.ts';
import type { AnyMessage } from '../shared/protocol/message.ts';

/** A door. Port 0 means any free port; `Broker.addresses` says which. */
export type ListenerOptions =
  /** Operators: who can open the socket file is the master's own user. Minion loopback brokers use it with `local`. */
  | { readonly kind: 'unix'; readonly path: string; readonly role: 'operator' | 'local'; readonly mode: number }
  /** Debugging and constrained clients: user name and password required. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly role: 'operator' | 'local' }
  /** Minions (with a client certificate, or a constrained one's password) and enrolment (with neither). */
  | ({ readonly kind: 'tls'; readonly host: string; readonly port: number } & TlsKeys);

/** What a TLS listener shows, and whose certificates it takes. */
export interface TlsKeys {
  readonly keyPem: string;
  readonly certPem: string;
  readonly caPem: string;
  /** 48 secret bytes, so that TLS sessions outlive a restart. Left out: those of this process are resumed, no others. */
  readonly ticketKeys?: Buffer;
}

/** What the broker needs to know of who may connect. Answers are immediate: all of it is in memory. */
export interface IdentityStore {
  /** Undefined when that key is accepted for that minion id; else why not, as one line for the log. */
  refuseMinion(id: string, fingerprint: string): string | undefined;
  /** Name and password of an operator; must take the same time whether or not the name exists. */
  isOperator(user: string, password: string): boolean;
  /**
   * Name and password of an operator whom somebody else knows, which takes its time; undefined when it is no such name.
   */
  isExternalOperator(user: string, password: string): Promise<boolean> | undefined;
  /** Name and password of a constrained minion; the same time whether or not there is one of that id. */
  isDevice(id: string, password: string): boolean;
  /** The filters of what an observer may see; undefined when the name or the password is wrong. */
  observerTopics(name: string, password: string): readonly string[] | undefined;
  /** The operator that the owner of the unix socket is. */
  readonly owner: string;
}

/** Each limit has a name and a unit; reaching one is reported with both. */
export interface BrokerLimits {
  /** Largest packet taken from a client, bytes. */
  readonly packetBytesMax: number;
  /** Largest packet before CONNECT was accepted, bytes. */
  readonly connectPacketBytesMax: number;
  /**
   * Connections at a time; a tenth of them for clients that wait for enrolment, and for each observer and constrained minion.
   * Operators' unix socket is exempt.
   */
  readonly connectionsMax: number;
  /** New connections per second, with bursts of as many; more are closed and counted. */
  readonly connectsPerSecond: number;
  /** Publishes per second of one client, over all its connections, with bursts of five seconds' worth. Operators are not limited. */
  readonly publishesPerSecond: number;
  /** Filters of one client. */
  readonly subscriptionsMax: number;
  /** Bytes waiting in one client's socket before it is disconnected as too slow. */
  readonly backlogBytesMax: number;
  /** Refused publishes of one connection before it is closed. */
  readonly refusalsMax: number;
}

/** One accepted publish: allowed by the table, decoded, checked against its schema. */
export interface Received {
  readonly who: Identity;
  readonly message: AnyMessage;
  readonly topic: string;
  readonly params: Readonly<Record<string, string>>;
  readonly payload: unknown;
  readonly retain: boolean;
  readonly qos: 0 | 1 | 2;
}

export interface BrokerHandlers {
  /**
   * Called once for each accepted publish. For messages that are `stored` the promise is awaited before PUBACK (PUBACK
   * is commit) and a rejection closes the connection without PUBACK so that the client sends again.
   */
  received(received: Received): undefined | Promise<void>;
  /** A minion is connected and subscribed to its jobs. */
  online(id: string, since: number, address: string): void;
  offline(id: string, since: number): void;
  /** An operator or local client subscribed. */
  subscribed?(who: Identity, filter: string): void;
}

export interface BrokerOptions {
  readonly table: readonly AnyMessage[];
  readonly listeners: readonly ListenerOptions[];
  readonly identities: IdentityStore;
  readonly limits: BrokerLimits;
  readonly handlers: BrokerHandlers;
  readonly clock: Clock;
  readonly log: Logger;
}
