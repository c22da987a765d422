/** Longer lines are cut: an event must fit a packet. */
const LINE_MAX = 32 * 1024;

/** Pieces of text in, whole lines out. */
export interface LineSplitter {
  /** The lines that end with this piece. */
  push(text: string): string[];
  /** What is left without an end of line. */
  rest(): string[];
}

export function createLineSplitter(): LineSplitter {
  let pending = '';
  return {
    push(text) {
      const lines = (pending + text).split('\n');
      pending = lines.pop() ?? '';
      if (pending.length > LINE_MAX) {
        lines.push(pending);
        pending = '';
      }
      return lines.map((line) => line.replace(/\r$/, '').slice(0, LINE_MAX));
    },
    rest() {
      const last = pending;
      pending = '';
      return last === '' ? [] : [last];
    },
  };
}
