/** The one file that reads the clock and sets timers, so that a test can hold time still. */
export interface Timer {
  /** Forget the timer; safe to call twice. */
  stop(): void;
}

export interface Clock {
  /** Milliseconds since 1970, UTC. */
  nowMs(): number;
  /** Milliseconds of a clock that never steps back, for measuring durations. */
  monotonicMs(): number;
  /** However long the delay is. */
  after(delayMs: number, run: () => void): Timer;
  every(periodMs: number, run: () => void): Timer;
}

/** The longest delay that a timer of Node.js takes; it runs longer ones at once. */
const DELAY_MS_MAX = 2 ** 31 - 1;

/** The real clock. Its timers do not keep the process alive: only sockets and children do. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  // Not `performance`, which Node loads for those who name it.
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  after(delayMs, run) {
    if (delayMs > DELAY_MS_MAX) return afterLong(delayMs, run);
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return { stop: () => clearTimeout(timer) };
  },
  every(periodMs, run) {
    if (periodMs > DELAY_MS_MAX) return everyLong(periodMs, run);
    const timer = setInterval(run, periodMs);
    timer.unref();
    return { stop: () => clearInterval(timer) };
  },
};

function afterLong(delayMs: number, run: () => void): Timer {
  let timer = systemClock.after(DELAY_MS_MAX, () => {
    timer = systemClock.after(delayMs - DELAY_MS_MAX, run);
  });
  return { stop: () => timer.stop() };
}

function everyLong(periodMs: number, run: () => void): Timer {
  let timer = systemClock.after(periodMs, function again() {
    timer = systemClock.after(periodMs, again);
    run();
  });
  return { stop: () => timer.stop() };
}

/** Keeps the process alive until it is stopped: whoever waits for the system clock alone would see the process end. */
export function keepAlive(): Timer {
  const timer = setInterval(() => undefined, DELAY_MS_MAX);
  return { stop: () => clearInterval(timer) };
}

/** Wait, or stop waiting when the signal fires; resolves in both cases. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = (): void => {
      timer.stop();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.after(delayMs, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

/** Whole seconds UTC: the unit of every time on the wire. */
export function nowSeconds(clock: Pick<Clock, 'nowMs'>): number {
  return Math.floor(clock.nowMs() / 1000);
}
