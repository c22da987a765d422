/**
 * How far a reader may say it has come, when events are worked on beside each other: up to the oldest that is not done.
 */
export interface CursorMark {
  /** An event was read; cursors come in their order. `count` pieces of work are to be done for it; 0 for none. */
  read(cursor: number, count: number): void;
  /** A piece of work for an event is done. */
  done(cursor: number): void;
  /** All events up to this one are done. */
  position(): number;
  /** Events that are not done. */
  openCount(): number;
}

export function createCursorMark(start: number): CursorMark {
  // In the order of the cursors: the first is the oldest.
  const open = new Map<number, number>();
  let last = start;
  return {
    read(cursor, count) {
      last = cursor;
      if (count > 0) open.set(cursor, count);
    },
    done(cursor) {
      const left = (open.get(cursor) ?? 1) - 1;
      if (left > 0) open.set(cursor, left);
      else open.delete(cursor);
    },
    position() {
      for (const cursor of open.keys()) return cursor - 1;
      return last;
    },
    openCount: () => open.size,
  };
}
