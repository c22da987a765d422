import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '../shared/clock.ts';

/** What the first connection brings with it is over by then. */
const REST_AFTER_MS = 2000;

/**
 * To be called at each connection: some time after the first, what the start left behind is given back, which V8 by
 * itself does later and in part.
 */
export function restAfterStart(
  clock: Clock,
  keepCode: () => Promise<void> = async () => undefined,
  collect: () => void = collectGarbage,
): () => void {
  let isStarted = false;
  return () => {
    if (isStarted) return;
    isStarted = true;
    clock.after(REST_AFTER_MS, () => void keepCode().then(collect));
  };
}

/** Code that has not run since the last time goes too: much of it runs at the start only. */
function collectGarbage(): void {
  setFlagsFromString('--bytecode-old-age=1');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
  collect();
}
