import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Aedes, AedesOptions, Client } from 'aedes';
import type { Clock } from '../shared/clock.ts';
import { systemErrorCode } from '../shared/errors.ts';
import type { LogFields, Logger } from '../shared/log.ts';
import type { TakeTurn } from '../shared/pace.ts';
import { createTokenBucket } from '../shared/token_bucket.ts';
import { createForgetting, parserOf, takePubacks } from './aedes_internals.ts';
import { authenticate, type RefusalCode, type Verdict } from './authenticate.ts';
import type { BrokerLimits, IdentityStore, ListenerOptions } from './broker_options.ts';
import { Connection } from './connection.ts';
import { guardFrames, PacketTooLarge } from './frame_guard.ts';
import type { Counters } from './limits.ts';
import { readPeerCertificate } from './peer_certificate.ts';
import type { PresenceKeeper } from './presence.ts';
import { readInTurns } from './read_in_turns.ts';
import { readWhole } from './read_whole.ts';
import type { Refusals } from './refusals.ts';
import type { Registry } from './registry.ts';

/**
 * All who wait for enrolment may take up one connection in ten, and so may each who has but a password: neither strangers
 * nor one who was robbed of it must lock the fleet out.
 */
const CROWD_SHARE = 0.1;
/** What a client may publish at once, in seconds of its rate. */
const PUBLISH_BURST_SECONDS = 5;

/** A minion takes over its own connection now and then, when its network failed: what counts is one soon after another, … */
const QUARREL_MS = 30_000;
/** … told each time that there were so many more in a row. */
const QUARREL_TAKEOVERS = 5;

/** Of whoever waits for enrolment: a device offers its key every few seconds. */
const UNENROLLED_PUBLISHES_PER_SECOND = 1;
/** A client subscribes when it comes; presence follows what a minion subscribes to, and each change is an event. */
const SUBSCRIPTIONS_PER_SECOND = 1;

/** The life of connections: a socket is accepted, says who it is, fails or ends. */
export interface Sessions {
  readonly preConnect: NonNullable<AedesOptions['preConnect']>;
  readonly authenticate: NonNullable<AedesOptions['authenticate']>;
  accept(aedes: Aedes, socket: Socket, door: ListenerOptions): void;
  /** Aedes gave the connection up. */
  failed(client: Client, error: Error): void;
}

export interface SessionOptions {
  readonly brokerId: string;
  readonly identities: IdentityStore;
  readonly limits: BrokerLimits;
  readonly registry: Registry;
  readonly presence: PresenceKeeper;
  readonly counters: Counters;
  readonly refusals: Refusals;
  readonly clock: Clock;
  readonly log: Logger;
  readonly warn: (message: string, fields: LogFields) => void;
  readonly takeTurn: TakeTurn;
}

export function createSessions(options: SessionOptions): Sessions {
  const { limits, registry, presence, refusals, log, warn } = options;
  const forgetDeliveries = createForgetting(options.brokerId);
  let connectionNumber = 0;
  return {
    preConnect(client, packet, done) {
      const connection = registry.of(client);
      if (connection === undefined) return done(new Error('CONNECT of a client that is not known'), false);
      const settle = (verdict: Verdict): void => {
        connection.verdict = verdict;
        // Sessions end with their connection: a broker that keeps nothing cannot keep what it must not.
        packet.clean = true;
        // No two connections share an id within Aedes: takeover is ours, Aedes' loses connections that race.
        packet.clientId = `${'who' in verdict ? (verdict.session ?? verdict.who.role) : 'refused'}#${connection.number}`;
        done(null, true);
      };
      const verdict = judge(options, connection, packet);
      if (!(verdict instanceof Promise)) return settle(verdict);
      verdict.then(
        (later) => {
          if (!client.closed) settle(later);
        },
        (error: Error) => done(error, false),
      );
    },
    authenticate(client, _user, _password, done) {
      const connection = registry.of(client);
      // Aedes waits for nobody when the client has gone in the meantime.
      if (connection?.verdict === undefined || client.closed) return;
      const verdict = refuseCrowd(options, connection.verdict);
      if ('who' in verdict) {
        enter(options, connection, verdict);
        return done(null, true);
      }
      const { returnCode, reason } = verdict;
      refusals.note('connections_refused', { client: connection.name, message: reason });
      warn('connection refused', { address: connection.address, reason });
      done(Object.assign(new Error(reason), { returnCode }) as Parameters<typeof done>[0], false);
      connection.close();
    },
    accept(aedes, socket, door) {
      const client = aedes.handle(socket);
      const connection = new Connection({ number: ++connectionNumber, client, socket, door });
      registry.add(connection);
      forgetDeliveries(client);
      takePubacks(client, (messageId) => connection.messageIds.release(messageId));
      const parser = parserOf(client);
      const bytesMax = () => (connection.who === undefined ? limits.connectPacketBytesMax : limits.packetBytesMax);
      readWhole(parser, bytesMax);
      guardFrames(parser, bytesMax);
      readInTurns(socket, parser, options.takeTurn);
      socket.once('close', () => {
        registry.remove(connection);
        if (connection.who?.role === 'minion') presence.ended(connection, connection.who.id);
      });
    },
    failed(client, error) {
      const connection = registry.of(client);
      if (connection === undefined || connection.isClosing) return;
      const noted = { client: connection.name, message: error.message };
      const fields = { client: connection.who?.id, address: connection.address, error: error.message };
      if (systemErrorCode(error) !== undefined || error.message === 'keep alive timeout') {
        log.debug('connection lost', fields);
      } else if (error instanceof PacketTooLarge) {
        // Before its CONNECT no setting allows more, and anybody can send it.
        refusals.note(connection.who === undefined ? 'connects_too_large' : 'packets_too_large', noted);
        warn('client disconnected: packet too large', fields);
      } else if (error.message === 'drain timeout') {
        refusals.note('readers_too_slow', noted);
        warn('client disconnected: it does not read what it subscribed to', fields);
      } else {
        refusals.note('protocol_errors', noted);
        warn('client disconnected: not MQTT as it should be', fields);
      }
    },
  };
}

interface ConnectPacket {
  readonly clientId: string;
  readonly username?: string;
  readonly password?: Buffer | string;
}

function judge(options: SessionOptions, connection: Connection, packet: ConnectPacket): Verdict | Promise<Verdict> {
  const { identities, clock } = options;
  const { door, socket } = connection;
  return authenticate(
    door,
    {
      clientId: packet.clientId,
      user: packet.username || undefined,
      password: packet.password?.toString(),
      certificate: door.kind === 'tls' ? readPeerCertificate(socket as TLSSocket, clock.nowMs()) : undefined,
    },
    identities,
  );
}

/** Asked when it would enter, so that of many who come at once no more do than may. */
function refuseCrowd({ limits, registry }: SessionOptions, verdict: Verdict): Verdict {
  if (!('who' in verdict)) return verdict;
  const { who, onlySpeaks } = verdict;
  const most = Math.max(1, limits.connectionsMax * CROWD_SHARE);
  const returnCode: RefusalCode = 3;
  if (who.role === 'unenrolled') {
    return registry.unenrolled < most ? verdict : { returnCode, reason: 'too many clients wait for enrolment' };
  }
  const count = onlySpeaks || who.role === 'observer' ? registry.connectionsOf(who).size : 0;
  if (count < most) return verdict;
  return { returnCode, reason: `${who.id} has ${count} connections, which is a tenth of max_connections` };
}

/** From here on the connection is somebody's. */
function enter(options: SessionOptions, connection: Connection, verdict: Extract<Verdict, { who: unknown }>): void {
  const { registry, presence, counters, limits, clock, log } = options;
  const { who, session, onlySpeaks = false } = verdict;
  const [another] = registry.connectionsOf(who);
  connection.onlySpeaks = onlySpeaks;
  counters.connections_accepted++;
  if (connection.door.kind === 'tls' && (connection.socket as TLSSocket).isSessionReused()) {
    counters.tls_sessions_resumed++;
  }
  const earlier = registry.identify(connection, who, session);
  if (who.role === 'minion' && !onlySpeaks) presence.connected(connection, who.id);
  if (who.role !== 'operator') {
    const perSecond = who.role === 'unenrolled' ? UNENROLLED_PUBLISHES_PER_SECOND : limits.publishesPerSecond;
    connection.mayPublishNow =
      another?.mayPublishNow ?? createTokenBucket(clock, perSecond, perSecond * PUBLISH_BURST_SECONDS);
    connection.maySubscribeNow = createTokenBucket(clock, SUBSCRIPTIONS_PER_SECOND, limits.subscriptionsMax);
  }
  connection.enteredMs = clock.monotonicMs();
  if (earlier === undefined) return;
  counters.connections_taken_over++;
  log.debug('connection taken over by a newer one', { client: who.id, address: connection.address });
  if (who.role === 'minion') tellQuarrel(options, who.id, connection, earlier);
  // [MQTT-3.1.4-2]
  earlier.closeNow();
}

/** A machine that was copied with its key and the original close each other's connections for ever, and share the jobs. */
function tellQuarrel({ warn }: SessionOptions, id: string, connection: Connection, earlier: Connection): void {
  if (connection.enteredMs - earlier.enteredMs > QUARREL_MS) return;
  connection.takeovers = earlier.takeovers + 1;
  if (connection.takeovers % QUARREL_TAKEOVERS !== 0) return;
  warn('connections of one minion close each other: is its key on two machines, which both run its jobs?', {
    minion: id,
    address: connection.address,
    earlier: earlier.address,
    times: connection.takeovers,
  });
}
