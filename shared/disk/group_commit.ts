/** Many writers, one write: what is added while a write is under way goes out together with the next. */
export interface GroupCommit<T> {
  /** Resolves when a write that includes it is done; rejects when that write failed. */
  add(item: T): Promise<void>;
  /** Goes out with the next write, whenever there is one. */
  later(item: T): void;
  /** Writes what is left. */
  flush(): Promise<void>;
}

export function createGroupCommit<T>(write: (items: readonly T[]) => Promise<void>): GroupCommit<T> {
  let items: T[] = [];
  let next: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();

  const schedule = (): Promise<void> => {
    if (next === undefined) {
      const previous = last;
      const round = previous
        .catch(() => undefined)
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
