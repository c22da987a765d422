import { type Clock, sleep } from '../../shared/clock.ts';
import type { MasterLink } from '../link/master_link.ts';

/** What an emulated minion does with its connection, whatever it connects by. */
export interface KeptLink {
  /** One run of the link after another. Resolves when stopped; rejects with what waiting cannot mend. */
  run(): Promise<void>;
  /** Ends the connection; the next one is made after so many milliseconds. */
  drop(awayMs: number): void;
  stop(): Promise<void>;
}

export function keepRunning(link: Pick<MasterLink, 'run'>, clock: Clock): KeptLink {
  const stopping = new AbortController();
  let dropping = new AbortController();
  let awayMs = 0;
  let ended: Promise<void> = Promise.resolve();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      dropping = new AbortController();
      await link.run(dropping.signal);
      if (awayMs > 0) await sleep(clock, awayMs, stopping.signal);
    }
  };
  return {
    run() {
      ended = loop();
      return ended;
    },
    drop(forMs) {
      // Who is away stays away as long as it was to.
      if (dropping.signal.aborted) return;
      awayMs = forMs;
      dropping.abort();
    },
    async stop() {
      stopping.abort();
      dropping.abort();
      await ended.catch(() => undefined);
    },
  };
}
