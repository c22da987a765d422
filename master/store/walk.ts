import { createTurn, nextTurn } from '../../shared/pace.ts';
import type { RangeOptions, Store, StoreKey, TableName } from './store.ts';

/** Keys or items that are handed out at a time. */
const PIECE_MAX = 512;

type Walked = Pick<RangeOptions, 'prefix' | 'after' | 'reverse'>;

/**
 * The same as `range`, in pieces between which other work goes first. Each piece is what the store has when it is read: what
 * is written or removed meanwhile behind it is not seen, and nothing comes twice.
 */
export function walk(store: Store, table: TableName, options: Walked = {}) {
  return inPieces(
    (limited) => store.range(table, { ...options, ...limited }),
    ({ key }) => key,
  );
}

/** The same as `keys`, in pieces. */
export function walkKeys(store: Store, table: TableName, options: Walked = {}) {
  return inPieces(
    (limited) => store.keys(table, { ...options, ...limited }),
    (key) => key,
  );
}

async function* inPieces<T>(
  read: (options: Pick<RangeOptions, 'after'>) => Iterable<T>,
  keyOf: (item: T) => StoreKey,
): AsyncGenerator<readonly T[]> {
  let last: T | undefined;
  for (;;) {
    const piece = takePiece(read(last === undefined ? {} : { after: keyOf(last) }));
    last = piece.at(-1);
    if (last === undefined) return;
    yield piece;
    await nextTurn();
  }
}

/** As much as one turn of the event loop is for: values may be large. */
function takePiece<T>(items: Iterable<T>): readonly T[] {
  const isOver = createTurn();
  const piece: T[] = [];
  for (const item of items) {
    piece.push(item);
    if (piece.length === PIECE_MAX || isOver()) break;
  }
  return piece;
}
