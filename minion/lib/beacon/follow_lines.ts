import type { BeaconContext } from '../../beacon.ts';
import { commandFailed } from '../exec.ts';
import { createEventQueue } from './event_queue.ts';
import { createLineSplitter } from './line_splitter.ts';

/** The lines that a process writes to a stream, as they come. Throws COMMAND_FAILED when the process ends. */
export async function* followLines(
  { exec, signal, log }: Pick<BeaconContext, 'exec' | 'signal' | 'log'>,
  argv: readonly [string, ...string[]],
  wanted: 'stdout' | 'stderr',
): AsyncGenerator<string> {
  const queue = createEventQueue<string>(signal, log);
  const splitter = createLineSplitter();
  let lastError = '';
  exec(argv, {
    keepOutput: false,
    onOutput(stream, text) {
      if (stream === wanted) for (const line of splitter.push(text)) queue.push(line);
      else if (text.trim() !== '') lastError = text.trim();
    },
  }).then(
    ({ retcode }) => {
      for (const line of splitter.rest()) queue.push(line);
      queue.end(commandFailed(`${argv[0]} ended with status ${retcode}${lastError === '' ? '' : `: ${lastError}`}`));
    },
    (error: unknown) => queue.end(error),
  );
  yield* queue;
}
