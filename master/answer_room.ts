import type { Clock } from '../shared/clock.ts';
import { createPace } from '../shared/pace.ts';

/** Bytes that wait for an operator before it is told no more: far below what it would be disconnected for. */
const BACKLOG_BYTES_MAX = 256 * 1024;
/** How often an operator that is slow is looked after. */
const LOOK_MS = 20;

export interface AnswerRoomOptions {
  /** Bytes that wait for whom the answer is for; undefined when that is not known. */
  readonly backlog: () => number | undefined;
  /** Another turn of the event loop, of those that all answers share. */
  readonly nextTurn: () => Promise<void>;
  readonly clock: Pick<Clock, 'after'>;
}

/** How much of a long answer may go out now: so that nobody else waits for it, and no more than its reader takes. */
export function createAnswerRoom({ backlog, nextTurn, clock }: AnswerRoomOptions) {
  let toldBytes = 0;
  const pause = async (): Promise<void> => {
    toldBytes = 0;
    // What is published reaches the socket within the turn after.
    await nextTurn();
    while ((backlog() ?? 0) > BACKLOG_BYTES_MAX) await new Promise<void>((look) => void clock.after(LOOK_MS, look));
  };
  const pace = createPace(pause);
  return {
    /** So many bytes went out. */
    told(bytes: number): void {
      toldBytes += bytes;
    },
    /** To be awaited after each step. */
    room: (): Promise<void> | undefined => (toldBytes > BACKLOG_BYTES_MAX ? pause() : pace()),
  };
}
