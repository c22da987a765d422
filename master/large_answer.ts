import { createHash } from 'node:crypto';
import type { Clock, Timer } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { createPace } from '../shared/pace.ts';
import { toJsonLine } from '../shared/protocol/codec.ts';
import { RETURN_PARTS_MAX, type ReturnParts } from '../shared/protocol/messages/return.ts';

const PIECE_BYTES = 240 * 1024;
/** Containers that are written member by member; what is deeper is written in one go. */
const DEPTH_MAX = 4;
/** Who is still reading asks again within this time. */
const KEPT_MS = 60_000;
/** Of all answers that wait to be read; the oldest make room. */
const KEPT_BYTES_MAX = 4 * RETURN_PARTS_MAX.bytes;

/** What a runner gave that no message carries: its JSON in pieces, and what stands in its place. */
export interface LargeAnswer {
  readonly pieces: readonly Buffer[];
  readonly parts: ReturnParts;
  readonly text: string;
}

/**
 * Undefined when one message carries it. It is written little by little, so that nobody else waits for it. Throws
 * LIMIT_EXCEEDED when it is larger than anything that goes in parts.
 */
export async function cutLarge(value: unknown): Promise<LargeAnswer | undefined> {
  const pace = createPace();
  const hash = createHash('sha256');
  const pieces: Buffer[] = [];
  let bytes = 0;
  let text = '';
  const cut = (): void => {
    const written = Buffer.from(text);
    text = '';
    bytes += written.length;
    hash.update(written);
    for (let at = 0; at < written.length; at += PIECE_BYTES) pieces.push(written.subarray(at, at + PIECE_BYTES));
    if (bytes > RETURN_PARTS_MAX.bytes || pieces.length > RETURN_PARTS_MAX.count) throw tooLarge();
  };
  for (const some of jsonOf(value, 0)) {
    text += some;
    if (text.length >= PIECE_BYTES) cut();
    const pause = pace();
    if (pause !== undefined) await pause;
  }
  if (bytes + Buffer.byteLength(text) <= PIECE_BYTES) return undefined;
  cut();
  const parts = { count: pieces.length, bytes, sha256: hash.digest('hex') };
  return { pieces, parts, text: `a value of ${bytes} bytes, which goes in parts` };
}

function* jsonOf(value: unknown, depth: number): Generator<string> {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array || depth === DEPTH_MAX) {
    yield value === undefined ? 'null' : toJsonLine(value).toString();
    return;
  }
  const isList = Array.isArray(value);
  let before = isList ? '[' : '{';
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined && !isList) continue;
    yield isList ? before : `${before}${JSON.stringify(name)}:`;
    before = ',';
    yield* jsonOf(member, depth + 1);
  }
  yield before === ',' ? '' : before;
  yield isList ? ']' : '}';
}

function tooLarge(): FleetError {
  return new FleetError('LIMIT_EXCEEDED', `the answer has more than ${RETURN_PARTS_MAX.bytes} bytes`, {
    hint: 'ask for less, by a target, a time or a limit',
  });
}

/** Large answers until those who asked have read them. */
export interface HeldAnswers {
  put(user: string, jid: string, pieces: readonly Buffer[]): void;
  get(user: string, jid: string): readonly Buffer[] | undefined;
}

export function createHeldAnswers(clock: Pick<Clock, 'after'>): HeldAnswers {
  const held = new Map<string, { readonly pieces: readonly Buffer[]; timer: Timer }>();
  const drop = (key: string): void => {
    held.get(key)?.timer.stop();
    held.delete(key);
  };
  const keep = (key: string): Timer => clock.after(KEPT_MS, () => drop(key));
  const bytesOf = (pieces: readonly Buffer[]): number => pieces.reduce((sum, { length }) => sum + length, 0);
  return {
    put(user, jid, pieces) {
      const key = `${user}/${jid}`;
      held.set(key, { pieces, timer: keep(key) });
      let total = [...held.values()].reduce((sum, answer) => sum + bytesOf(answer.pieces), 0);
      for (const [oldest, answer] of held) {
        if (total <= KEPT_BYTES_MAX) return;
        total -= bytesOf(answer.pieces);
        drop(oldest);
      }
    },
    get(user, jid) {
      const key = `${user}/${jid}`;
      const answer = held.get(key);
      if (answer === undefined) return undefined;
      answer.timer.stop();
      answer.timer = keep(key);
      return answer.pieces;
    },
  };
}
