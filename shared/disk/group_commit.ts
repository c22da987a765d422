/** Many writers, one write: what is added while a write is under way goes out together with the next. */
export interface GroupCommit<T> {
  /** Resolves when a write that includes it is done; rejects when that write failed. */
  add(item: T): Promise<void>;
  /** Goes out with the next write, whenever there is one. */
  later(item: T): void;
  /** Writes what is left. */
  flush(): Promise<void>;
}

/** A write that is still to come. */
interface Round<T> {
  readonly items: T[];
  size: number;
  readonly done: Promise<void>;
}

/** What one write takes: items are added to it until their sizes come to `max`. */
export interface WriteSize<T> {
  readonly max: number;
  readonly of: (item: T) => number;
}

export function createGroupCommit<T>(
  write: (items: readonly T[]) => Promise<void>,
  size: WriteSize<T> = { max: Number.POSITIVE_INFINITY, of: () => 1 },
): GroupCommit<T> {
  let later: T[] = [];
  let next: Round<T> | undefined;
  let last: Promise<void> = Promise.resolve();

  const begin = (): Round<T> => {
    const items = later;
    later = [];
    const done = last
      .catch(() => undefined)
      .then(() => {
        if (next === round) next = undefined;
        return items.length === 0 ? undefined : write(items);
      });
    const round: Round<T> = { items, size: 0, done };
    last = done;
    return round;
  };
  const nextRound = (): Round<T> => {
    next ??= begin();
    return next;
  };

  return {
    add(item) {
      const round = nextRound();
      round.items.push(item);
      round.size += size.of(item);
      if (round.size >= size.max) next = undefined;
      return round.done;
    },
    later(item) {
      (next?.items ?? later).push(item);
    },
    flush: () => nextRound().done,
  };
}
