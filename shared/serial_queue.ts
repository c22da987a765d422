/** Runs work one after another, in the order it came: what one piece reads is what the piece before it wrote. */
export type SerialQueue = <T>(work: () => Promise<T>) => Promise<T>;

export function createSerialQueue(): SerialQueue {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    // A failure is for the caller whose work it was; the next one starts all the same.
    const result = last.then(work, work);
    last = result;
    return result;
  };
}
