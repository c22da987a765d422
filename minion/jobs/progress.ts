import type { Clock, Timer } from '../../shared/clock.ts';

/** A job's partial output on its way to whoever watches. It is news, not a result: the return has it all again. */
export interface Progress {
  add(stream: string, text: string): void;
  /** Sends what is left. */
  end(): void;
}

export interface ProgressOptions {
  readonly clock: Clock;
  /** `n` counts the pieces of one job. */
  readonly send: (n: number, data: Readonly<Record<string, string>>) => void;
}

/** A chatty program must not flood the broker: output is gathered for this long, */
const GATHER_MS = 200;
/** and of more than this, characters, only the end is sent. */
const PIECE_MAX = 32_768;

export function createProgress({ clock, send }: ProgressOptions): Progress {
  let gathered: Record<string, string> = {};
  let timer: Timer | undefined;
  let count = 0;
  const flush = (): void => {
    timer?.stop();
    timer = undefined;
    if (Object.keys(gathered).length === 0) return;
    const piece = gathered;
    gathered = {};
    send(count++, piece);
  };
  return {
    add(stream, text) {
      const all = (gathered[stream] ?? '') + text;
      gathered[stream] = all.length <= PIECE_MAX ? all : `[…]${all.slice(-PIECE_MAX)}`;
      timer ??= clock.after(GATHER_MS, flush);
    },
    end: flush,
  };
}
