import type { Backoff } from '../../shared/client/backoff.ts';
import type { Connection } from '../../shared/client/connection.ts';
import { type Clock, sleep } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';

export interface KeepConnectedOptions {
  /** Makes a connection and resolves when it is over. */
  readonly attend: () => Promise<void>;
  /** What `attend` rejected with: milliseconds until the next attempt. Rejects with what waiting cannot mend. */
  readonly recover: (error: unknown) => Promise<number>;
  readonly backoff: Backoff;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** One connection after the other, with a wait between them, until the signal fires. */
export async function keepConnected(options: KeepConnectedOptions): Promise<void> {
  const { attend, recover, backoff, clock, signal } = options;
  // A function of its own: an error that is caught holds its connection, for as long as the function is not over.
  const attempt = async (): Promise<number> => {
    try {
      await attend();
    } catch (error) {
      return signal.aborted ? 0 : recover(error);
    }
    return signal.aborted ? 0 : backoff.next();
  };
  while (!signal.aborted) await sleep(clock, await attempt(), signal);
}

export interface HoldConnectionOptions {
  /** Says what the master has to know, and subscribes. */
  readonly announce: () => Promise<void>;
  readonly connected: () => void;
  /** After each `connected`. */
  readonly disconnected: (reason: string) => void;
  readonly reconnect: { readonly maxMs: number };
  readonly backoff: Backoff;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Resolves when the connection is over; closes it when the signal fires. Rejects when it cannot be announced, and closes it. */
export async function holdConnection(connection: Connection, options: HoldConnectionOptions): Promise<void> {
  const { announce, connected, disconnected, reconnect, backoff, clock, log, signal } = options;
  const close = (): void => void connection.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    if (signal.aborted) return;
    await announce();
    const connectedMs = clock.monotonicMs();
    connected();
    const reason = await connection.closed;
    // A master that takes connections and drops them, such as one whose disk is full, must not be stormed.
    if (clock.monotonicMs() - connectedMs >= reconnect.maxMs) backoff.reset();
    disconnected(reason);
    if (!signal.aborted) log.warning('the connection to the master ended', { reason });
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}
