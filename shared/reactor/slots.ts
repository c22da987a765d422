/** Places for work that goes on after it was begun: the next may begin when one is free. */
export interface Slots {
  /** Resolves when there is a place, first come, first served; the answer gives it back. */
  take(): Promise<() => void>;
  taken(): number;
  /** Whoever waits for a place is turned away. */
  stop(): void;
}

export function createSlots(max: number): Slots {
  let waiting: { readonly enter: () => void; readonly leave: (error: Error) => void }[] = [];
  let taken = 0;
  return {
    async take() {
      // Whoever ends hands its place on, so that a newcomer cannot take it.
      if (taken >= max) await new Promise<void>((enter, leave) => waiting.push({ enter, leave }));
      else taken++;
      let isGiven = false;
      return () => {
        if (isGiven) return;
        isGiven = true;
        const next = waiting.shift();
        if (next === undefined) taken--;
        else next.enter();
      };
    },
    taken: () => taken,
    stop() {
      for (const { leave } of waiting) leave(new Error('there is no place any more'));
      waiting = [];
    },
  };
}
