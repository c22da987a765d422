import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';

type Data = Readonly<Record<string, unknown>>;

/** The minion's own event bus (EVT-2). */
export interface OwnBus {
  fire(tag: string, data: Data): void;
  /** Where others reach it. */
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

export interface OwnBusOptions {
  readonly sockDir: string;
  /** On 127.0.0.1, or null for the unix socket alone. */
  readonly tcpPort: number | null;
  /** A local process asks for an event on the master's bus: the one way across, and only when it is asked for. */
  readonly fireMaster: (tag: string, data: Data) => Promise<void>;
  /** Told of every event of this bus. */
  readonly heard: (tag: string, data: Data) => void;
  readonly clock: Clock;
  readonly log: Logger;
}
