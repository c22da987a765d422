import type { Socket } from 'node:net';
import type { Clock } from '../shared/clock.ts';
import type { LogFields, Logger } from '../shared/log.ts';
import { createTokenBucket } from '../shared/token_bucket.ts';
import type { BrokerLimits } from './broker_options.ts';

/** What is counted since start. */
const counterNames = [
  'connections_accepted',
  'connections_refused',
  'connections_over_limit',
  'connections_taken_over',
  'tls_sessions_resumed',
  'protocol_errors',
  'connects_too_large',
  'packets_too_large',
  'publishes_accepted',
  'publishes_refused_acl',
  'publishes_refused_size',
  'publishes_refused_rate',
  'publishes_refused_schema',
  'subscriptions_refused',
  'readers_too_slow',
] as const;
export type Counters = Record<(typeof counterNames)[number], number>;

export function createCounters(): Counters {
  return Object.fromEntries(counterNames.map((name) => [name, 0])) as Counters;
}

/** Lines that strangers can cause must not fill the disk. */
const STRANGERS_LINES_PER_SECOND = 10;

/** Writes warnings at a limited rate; the next line that passes says how many did not. */
export function createLimitedWarning(log: Logger, clock: Clock): (message: string, fields: LogFields) => void {
  const mayWrite = createTokenBucket(clock, STRANGERS_LINES_PER_SECOND, STRANGERS_LINES_PER_SECOND);
  let unwritten = 0;
  return (message, fields) => {
    if (!mayWrite()) {
      unwritten++;
      return;
    }
    log.warning(message, unwritten === 0 ? fields : { ...fields, lines_left_out: unwritten });
    unwritten = 0;
  };
}

/** Decides which sockets may stay, before anything is read from them or computed for them. */
export interface Admission {
  /** False when the socket was closed at once. Exempt ones are never refused. */
  admit(socket: Socket, isExempt: boolean): boolean;
  closeAll(): void;
}

export function createAdmission(
  limits: BrokerLimits,
  clock: Clock,
  refused: (socket: Socket, reason: string) => void,
): Admission {
  const sockets = new Set<Socket>();
  const mayConnect = createTokenBucket(clock, limits.connectsPerSecond, limits.connectsPerSecond);
  const reasonAgainst = (): string | undefined => {
    if (sockets.size >= limits.connectionsMax) return `connectionsMax of ${limits.connectionsMax} reached`;
    if (!mayConnect()) return `connectsPerSecond of ${limits.connectsPerSecond} reached`;
    return undefined;
  };
  return {
    admit(socket, isExempt) {
      const reason = isExempt ? undefined : reasonAgainst();
      if (reason !== undefined) {
        refused(socket, reason);
        socket.destroy();
        return false;
      }
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return true;
    },
    closeAll() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
