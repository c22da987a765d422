import type { Socket } from 'node:net';
import type { Client } from 'aedes';
import type { Identity } from '../shared/protocol/access.ts';
import { filterMatches } from '../shared/protocol/topic.ts';
import { waitForDrain } from './aedes_internals.ts';
import type { Verdict } from './authenticate.ts';
import type { ListenerOptions } from './broker_options.ts';
import { encodePuback, encodePublish } from './encode_publish.ts';
import { MessageIds } from './message_ids.ts';

/** As a broker sets them that keeps what it should not, or sends again what it is not sure of. */
export interface DeliveryFlags {
  readonly retain?: boolean;
  readonly dup?: boolean;
}

/** One client's connection, from the accepted socket to its end. It knows nothing of who may do what. */
export class Connection {
  /** Counts up: which of two connections of one client is the newer. */
  readonly number: number;
  readonly client: Client;
  readonly socket: Socket;
  readonly door: ListenerOptions;
  /** The peer's address without port; empty for a unix socket. */
  readonly address: string;
  /** What its CONNECT is worth; undefined until that came. */
  verdict: Verdict | undefined;
  /** Undefined until CONNECT was accepted. */
  who: Identity | undefined;
  session: string | undefined;
  /** When that was, monotonic milliseconds. */
  enteredMs = 0;
  /** How many connections of its session took over from one another before it, each soon after the last. */
  takeovers = 0;
  /** It is granted no filter and says nothing of who is there. */
  onlySpeaks = false;
  /** False when it sends more publishes than it may. */
  mayPublishNow: () => boolean = () => true;
  /** False when it subscribes more often than it may. */
  maySubscribeNow: () => boolean = () => true;
  /** Of all publishes to the client, Aedes' too. */
  readonly messageIds = new MessageIds();
  refusals = 0;
  /** Topic of what it was given last past Aedes, which it may therefore have. */
  lastGiven: string | undefined;
  /** Aedes' number of the message handed over last. */
  lastForwarded = 0;
  /** Its will is not published. */
  isMuted = false;
  /** More waited in its socket than may; soon it is looked at again. */
  isSuspectedSlow = false;
  #isClosing = false;
  #isGathering = false;
  #isAwaitingDrain = false;
  readonly #filters = new Map<string, 0 | 1>();
  /** Those of them that must be matched; an operator has one filter without wildcards for each request under way. */
  readonly #wildcards = new Map<string, 0 | 1>();
  /** What was asked last, by topic: a minion gets nearly all on one. */
  #asked: { readonly topic: string; readonly qos: 0 | 1 | undefined } | undefined;

  constructor(options: {
    readonly number: number;
    readonly client: Client;
    readonly socket: Socket;
    readonly door: ListenerOptions;
  }) {
    this.number = options.number;
    this.client = options.client;
    this.socket = options.socket;
    this.door = options.door;
    this.address = options.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  }

  /** Whose it is, or will be: between the check of its CONNECT and its session others have their turn. */
  get claimant(): Identity | undefined {
    return this.who ?? (this.verdict !== undefined && 'who' in this.verdict ? this.verdict.who : undefined);
  }

  /** What it is called where an operator reads of it. */
  get name(): string {
    return this.who?.id ?? (this.address || 'the unix socket');
  }

  /** True once the broker decided to end it: nothing more is taken from it or given to it. */
  get isClosing(): boolean {
    return this.#isClosing || this.client.closed;
  }

  get filters(): ReadonlyMap<string, 0 | 1> {
    return this.#filters;
  }

  subscribe(filter: string, qos: 0 | 1): void {
    this.#asked = undefined;
    this.#filters.set(filter, qos);
    if (/[+#]/.test(filter)) this.#wildcards.set(filter, qos);
  }

  unsubscribe(filter: string): void {
    this.#asked = undefined;
    this.#filters.delete(filter);
    this.#wildcards.delete(filter);
  }

  /** The best quality of service it asked for on this topic; undefined when no filter matches [MQTT-3.3.5-1]. */
  qosFor(topic: string): 0 | 1 | undefined {
    if (this.#asked?.topic === topic) return this.#asked.qos;
    let best = this.#filters.get(topic);
    for (const [filter, qos] of this.#wildcards) {
      if (best !== 1 && filterMatches(filter, topic)) best = Math.max(best ?? 0, qos) as 0 | 1;
    }
    this.#asked = { topic, qos: best };
    return best;
  }

  /**
   * Writes a publish without waiting behind anybody. `acknowledged` is called at its PUBACK, or never. False when the
   * connection ends or too many are unacknowledged.
   */
  deliver(
    topic: string,
    payload: Uint8Array,
    qos: 0 | 1,
    acknowledged?: () => void,
    { retain = false, dup = false }: DeliveryFlags = {},
  ): boolean {
    if (this.isClosing || this.socket.destroyed || !this.messageIds.hasRoom) return false;
    const messageId = qos === 0 ? undefined : this.messageIds.next(acknowledged);
    this.#write(encodePublish({ topic, payload, qos, messageId, retain, dup }));
    return true;
  }

  /**
   * Writes the PUBACK of a publish of the client. False when it may not be written now: the connection ended, or its socket
   * is full.
   */
  acknowledge(messageId: number): boolean {
    if (this.client.closed || this.socket.destroyed || this.socket.writableNeedDrain) return false;
    this.#write(encodePuback(messageId));
    return true;
  }

  /** What is written in one tick goes out in one piece. */
  #write(packet: Buffer): void {
    if (!this.#isGathering) {
      this.socket.cork();
      process.nextTick(() => this.socket.uncork());
    }
    this.socket.write(packet);
  }

  /** As Aedes does when it writes: a client whose socket stays full for too long is disconnected. */
  endWhenStuck(): void {
    if (this.#isAwaitingDrain || !this.socket.writableNeedDrain) return;
    this.#isAwaitingDrain = true;
    waitForDrain(this.client, () => {
      this.#isAwaitingDrain = false;
    });
  }

  /**
   * What is written to it from now on goes out in one piece, after what Aedes has put off to the end of this turn: a
   * system call for each message is a third of what a message takes.
   */
  gather(): void {
    if (this.#isGathering || this.socket.destroyed) return;
    this.#isGathering = true;
    this.socket.cork();
    // Aedes writes in an immediate that is queued after this one.
    setImmediate(() => setImmediate(() => this.sendGathered()));
  }

  sendGathered(): void {
    if (!this.#isGathering) return;
    this.#isGathering = false;
    this.socket.uncork();
  }

  /** Ends it after what was written in this tick has been sent; false when that was decided before. */
  close(): boolean {
    if (this.isClosing) return false;
    this.#isClosing = true;
    setImmediate(() => this.closeNow());
    return true;
  }

  closeNow(): void {
    this.#isClosing = true;
    this.sendGathered();
    // Destroyed without one, Node makes an error with a stack for each message that waits: 0.1 s for the 4 MiB of a slow reader.
    this.socket.destroy(new Error('the broker ends the connection'));
    this.client.close();
  }
}
