import type { Logger } from '../../../shared/log.ts';

/** What waits for the events before it to be kept; beyond it the newest are lost, and the log says how many. */
const WAITING_MAX = 10_000;

/** From callbacks to a beacon's `for await`. */
export interface EventQueue<T> extends AsyncIterable<T> {
  push(item: T): void;
  /** What waits now, and no longer waits then. */
  drain(): T[];
  /** The reader gets what waits and then the end, or the error. */
  end(error?: unknown): void;
}

export function createEventQueue<T>(signal: AbortSignal, log: Logger): EventQueue<T> {
  let items: T[] = [];
  let lost = 0;
  let outcome: { readonly error?: unknown } | undefined;
  let wake: () => void = () => undefined;
  const end = (error?: unknown): void => {
    outcome ??= error === undefined ? {} : { error };
    wake();
  };
  if (signal.aborted) end();
  signal.addEventListener('abort', () => end(), { once: true });
  return {
    end,
    push(item) {
      if (items.length < WAITING_MAX) items.push(item);
      else if (lost++ % WAITING_MAX === 0)
        log.error('events come faster than they can be kept: some are lost', { lost });
      wake();
    },
    drain() {
      const drained = items;
      items = [];
      return drained;
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const item = items.shift();
        if (item !== undefined) yield item;
        else if (outcome === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else if ('error' in outcome) throw outcome.error;
        else return;
      }
    },
  };
}
