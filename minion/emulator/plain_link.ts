import { createBackoff } from '../../shared/client/backoff.ts';
import { type Connection, openConnection } from '../../shared/client/connection.ts';
import type { Clock } from '../../shared/clock.ts';
import { errorLine, FleetError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { Job } from '../../shared/protocol/messages/job.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import { holdConnection, keepConnected } from '../link/keep_connected.ts';
import type { MasterLink } from '../link/master_link.ts';
import { notingRefusals } from '../link/noting_refusals.ts';

export interface PlainLinkOptions {
  readonly id: string;
  readonly host: string;
  /** Of the listener without TLS. */
  readonly port: number;
  readonly password: string;
  /** Of all that is sent, and of the subscription. */
  readonly qos: 0 | 1;
  readonly keepaliveSeconds: number;
  readonly connectTimeoutMs: number;
  readonly reconnect: { readonly firstMs: number; readonly maxMs: number };
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Resolves when PUBACK may go out. */
  readonly received: (topic: string, payload: Uint8Array, retain: boolean) => Promise<void>;
  readonly connected: (publish: (packet: Packet) => Promise<void>) => void;
  readonly disconnected: () => void;
}

/** A constrained minion's connection to its master: TCP, a name and a password. */
export function createPlainLink(options: PlainLinkOptions): Pick<MasterLink, 'run'> {
  const { id, qos, reconnect, clock, random, log } = options;
  const backoff = createBackoff({ ...reconnect, random });
  let connection: Connection | undefined;
  const received = notingRefusals({ ...options, refused: () => undefined, connection: () => connection });

  const attend = async (signal: AbortSignal): Promise<void> => {
    const opened = await openConnection({
      ...options,
      endpoint: { kind: 'tcp', host: options.host, port: options.port },
      clientId: id,
      username: id,
      received,
    });
    connection = opened;
    try {
      await holdConnection(opened, {
        ...options,
        signal,
        backoff,
        announce: () => opened.subscribe([`${formatTopic(Job.topic, { id })}/#`], qos),
        connected: () => options.connected((packet) => opened.publish({ ...packet, qos })),
      });
    } finally {
      connection = undefined;
    }
  };

  const recover = async (error: unknown): Promise<number> => {
    if (!(error instanceof FleetError) || error.code !== 'MASTER_UNREACHABLE') throw explained(error, id);
    log.warning(errorLine(error));
    return backoff.next();
  };
  return { run: (signal) => keepConnected({ attend: () => attend(signal), recover, backoff, clock, signal }) };
}

function explained(cause: unknown, id: string): unknown {
  if (!(cause instanceof FleetError) || cause.code !== 'NOT_PERMITTED') return cause;
  return new FleetError('NOT_PERMITTED', `the master does not take ${id} as it was declared: ${cause.message}`, {
    hint: `remove the folder of ${id} in --directory, and declare it anew with --operator-socket`,
    cause,
  });
}
