/** Things in the order they came; a test waits for the one it needs. */
export class Inbox<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();

  push(item: T): void {
    this.all.push(item);
    for (const look of [...this.#waiting]) look();
  }

  /** The first item, also of the past, that the question is true for. */
  waitFor(matches: (item: T) => boolean): Promise<T> {
    return this.#wait(() => this.all.find(matches));
  }

  waitForCount(count: number): Promise<readonly T[]> {
    return this.#wait(() => (this.all.length >= count ? this.all : undefined));
  }

  #wait<R>(find: () => R | undefined): Promise<R> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
