import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Asks on the output and waits for one line: `y…` is yes, an empty line is the default, the end of the input is no. */
export function askYesNo(
  question: string,
  byDefault: boolean,
  streams: { readonly input: Readable; readonly output: Writable },
): Promise<boolean> {
  streams.output.write(question);
  const lines = createInterface({ input: streams.input, terminal: false });
  return new Promise((resolve, reject) => {
    streams.input.once('error', reject);
    lines.once('line', (line) => {
      resolve(line === '' ? byDefault : line.toLowerCase().startsWith('y'));
      lines.close();
    });
    lines.once('close', () => resolve(false));
  });
}
