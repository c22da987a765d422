import { connectOperator } from '../shared/client/operator_client.ts';
import { systemClock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { durationSeconds, type Terminal } from './command_line.ts';
import { formatOutput } from './output.ts';
import { parseCallArgs } from './parse_args.ts';
import { stripControl } from './strip_control.ts';

const WAIT_SECONDS = 60;
/** What the master says of events that it does not have any more. */
const LOST_TAG = 'salt/event/lost';

/** What `state.event` and `event.wait` take (EVT-6). */
export interface EventWords {
  readonly tag: string;
  /** How many; undefined: until Ctrl-C. */
  readonly count: number | undefined;
  readonly quiet: boolean;
  readonly pretty: boolean;
  readonly from: number | undefined;
  readonly sinceSeconds: number | undefined;
  readonly timeoutSeconds: number | undefined;
}

/** Throws USAGE for words that the function does not take. */
export async function eventWords(fun: string, words: readonly string[], takes: readonly string[]): Promise<EventWords> {
  const { arg, kwarg } = await parseCallArgs(words);
  const { tag = arg[0], tagmatch = tag ?? '*', count = -1, quiet = false, pretty = false, ...more } = kwarg;
  const wrong = Object.keys(kwarg).find((name) => !['tag', 'tagmatch', ...takes].includes(name));
  if (wrong !== undefined || arg.length > 1) {
    throw new FleetError('USAGE', `${fun} does not take ${wrong ?? `'${String(arg[1])}'`}`, {
      hint: `it takes the glob of a tag and ${takes.map((name) => `${name}=`).join(' ')}`,
    });
  }
  const number = (name: string, value: unknown, min: number): number => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min) return value;
    throw new FleetError('USAGE', `${name}=${String(value)} is not a number from ${min} on`);
  };
  const seconds = (name: string): number | undefined =>
    more[name] === undefined ? undefined : durationSeconds(String(more[name]), `${name}=`);
  return {
    tag: String(tagmatch),
    count: number('count', count, -1) < 1 ? undefined : Number(count),
    quiet: quiet === true,
    pretty: pretty === true,
    from: more.from === undefined ? undefined : number('from', more.from, 0),
    sinceSeconds: seconds('since'),
    timeoutSeconds: seconds('timeout'),
  };
}

/** An event as Salt prints it. */
export async function eventText(tag: string, data: unknown, pretty: boolean): Promise<string> {
  return `${stripControl(tag)}\t${await formatOutput('json', data, { colour: false, indent: pretty ? 'pretty' : -1 })}`;
}

export interface EventSource {
  readonly socketPath: string;
  readonly firstAnswerMs: number;
}

/** `salt-run state.event`: prints events as they come. Resolves to the exit status. */
export async function showEvents(words: EventWords, source: EventSource, terminal: Terminal): Promise<number> {
  const client = await connectOperator({ ...source, clock: systemClock });
  try {
    for await (const event of client.request(requestOf(words))) {
      if (event.t !== 'event' || words.quiet) continue;
      terminal.out(await eventText(String(event.tag), event.data, words.pretty));
    }
    return 0;
  } finally {
    await client.close();
  }
}

/** `salt-run event.wait`: prints the first event; 1 when none comes in time. */
export async function waitForEvent(words: EventWords, source: EventSource, terminal: Terminal): Promise<number> {
  const seconds = words.timeoutSeconds ?? WAIT_SECONDS;
  const client = await connectOperator({ ...source, clock: systemClock });
  let isLate = false;
  const timer = systemClock.after(seconds * 1000, () => {
    isLate = true;
    void client.close();
  });
  try {
    for await (const event of client.request(requestOf({ ...words, count: 1 }))) {
      if (event.t !== 'event') continue;
      terminal.out(await eventText(String(event.tag), event.data, words.pretty));
      if (event.tag !== LOST_TAG) return 0;
    }
    return 1;
  } catch (error) {
    if (!isLate) throw error;
    terminal.err(`no event ${words.tag} within ${seconds} s`);
    return 1;
  } finally {
    timer.stop();
    await client.close();
  }
}

function requestOf({ tag, count, from, sinceSeconds: since }: EventWords) {
  return { op: 'events', tag, count, from, since } as const;
}
