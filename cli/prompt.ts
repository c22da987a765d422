import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { FleetError } from '../shared/errors.ts';

/**
 * Asks on the output and waits for one line: `y…` is yes, an empty line is the default. Rejects with USAGE when the input
 * ends without one: a script must not take that for done.
 */
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
      lines.removeAllListeners('close').close();
      resolve(line === '' ? byDefault : line.toLowerCase().startsWith('y'));
    });
    lines.once('close', () => {
      streams.output.write('\n');
      reject(new FleetError('USAGE', 'nobody answered, so nothing was done', { hint: '-y answers yes' }));
    });
  });
}
