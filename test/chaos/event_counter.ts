import { openConnection } from '../../shared/client/connection.ts';
import { sleep, systemClock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';

const RETRY_MS = 200;

/** An observer of all job events, which comes back whenever the master does. */
export interface EventCounter {
  /** How often each tag was heard. */
  readonly counts: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

export function startEventCounter(socketPath: string): EventCounter {
  const counts = new Map<string, number>();
  const abort = new AbortController();
  const attend = async (): Promise<void> => {
    const connection = await openConnection({
      endpoint: { kind: 'unix', path: socketPath },
      clientId: 'chaos-events',
      keepaliveSeconds: 60,
      connectTimeoutMs: 2000,
      received(topic) {
        // Progress has a number of its own for each piece, and a minion that runs counts anew.
        if (!topic.includes('/prog/')) counts.set(topic, (counts.get(topic) ?? 0) + 1);
      },
    });
    const close = (): void => void connection.close();
    abort.signal.addEventListener('abort', close, { once: true });
    await connection.subscribe(['salt/event/salt/job/#']);
    await connection.closed;
    abort.signal.removeEventListener('abort', close);
  };
  const run = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      await attend().catch((error: unknown) => {
        if (!(error instanceof FleetError)) throw error;
      });
      await sleep(systemClock, RETRY_MS, abort.signal);
    }
  };
  const done = run();
  return {
    counts,
    async stop() {
      abort.abort();
      await done;
    },
  };
}
