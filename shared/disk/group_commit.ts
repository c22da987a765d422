/** Many writers, one write: what is added while a write is under way goes out together with the next. */
export interface GroupCommit<T> {
  /** Resolves when a write that includes it is done; rejects when that write failed. */
  add(item: T): Promise<void>;
  /** Goes out with the next write, whenever there is one. */
  later(item: T): void;
  /** Writes what is left. */
  flush(): Promise<void>;
}

/** What is sent meanwhile is on its way before the disk is asked. */
const endOfTurn = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

export function createGroupCommit<T>(write: (items: readonly T[]) => Promise<void>): GroupCommit<T> {
  let items: T[] = [];
  let next: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();

  const schedule = (): Promise<void> => {
    if (next === undefined) {
      const previous = last;
      const round = previous
        .catch(() => undefined)
        .then(endOfTurn)
        .then(() => {
          const batch = items;
          items = [];
          next = undefined;
          return batch.length === 0 ? undefined : write(batch);
        });
      next = round;
      last = round;
    }
    return next;
  };

  return {
    add(item) {
      items.push(item);
      return schedule();
    },
    later(item) {
      items.push(item);
    },
    flush: () => schedule(),
  };
}
