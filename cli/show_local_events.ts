import { FleetError } from '../shared/errors.ts';
import { globMatcher } from '../shared/target/glob.ts';
import type { Terminal } from './command_line.ts';
import type { LocalBus } from './local_bus.ts';
import { type EventWords, eventText } from './show_events.ts';

/** `salt-call state.event`: prints the events of the minion's own bus as they come. Resolves to the exit status. */
export async function showLocalEvents(words: EventWords, bus: LocalBus, terminal: Terminal): Promise<number> {
  const matches = globMatcher(words.tag);
  let left = words.count ?? Number.POSITIVE_INFINITY;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const connection = await bus.listen(async (tag, data) => {
    if (left === 0 || !matches(tag)) return;
    left--;
    const text = await eventText(tag, data, words.pretty);
    if (!words.quiet) terminal.out(text);
    if (left === 0) finish();
  });
  const gone = connection.closed.then((reason) => {
    throw new FleetError('COMMAND_FAILED', `the minion went away: ${reason}`);
  });
  try {
    await Promise.race([finished, gone]);
    return 0;
  } finally {
    await connection.close();
  }
}
