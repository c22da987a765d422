/** Full jitter: a random wait between 0 and a ceiling that doubles, so that a whole fleet does not return at once. */
export interface Backoff {
  /** Milliseconds to wait before the next try. */
  next(): number;
  /** A try succeeded: the next wait starts from the beginning. */
  reset(): void;
}

export function createBackoff(options: {
  readonly firstMs: number;
  readonly maxMs: number;
  /** 0 to 1. */
  readonly random: () => number;
}): Backoff {
  let tries = 0;
  return {
    next() {
      const ceiling = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(tries, 30));
      tries++;
      return Math.round(options.random() * ceiling);
    },
    reset() {
      tries = 0;
    },
  };
}
