import { isDict, pyRepr, pyStr } from '../shared/python_text.ts';
import { timeText } from '../shared/time_text.ts';
import { chooseOutput, formatOutput, type OutputOptions } from './output.ts';
import { paletteFor } from './palette.ts';
import { stripControl } from './strip_control.ts';

/** What `salt` prints around and for returns, word for word as Salt does. Every text comes without its last newline. */

export const noMinionsText = 'No minions matched the target. No command was sent, no jid was assigned.';
/** For stderr; the exit status is 1. */
export const failedText = 'ERROR: Minions returned with non-zero exit code';
/** For stderr; the exit status is 2. */
export const noReturnText = 'ERROR: No return received';

/** What stands above the returns with `-v`; a blank line follows it. */
export function verboseHeader(jid: string): string {
  const title = `Executing job with jid ${jid}`;
  return `${title}\n${'-'.repeat(title.length)}\n`;
}

/** For `--show-jid`. */
export function jidText(jid: string): string {
  return `jid: ${jid}`;
}

/** For `--async`. */
export function asyncText(jid: string): string {
  return `Executed command with job ID: ${jid}`;
}

/** For Ctrl-C; without a jid when none was assigned yet. */
export function interruptText(jid: string | undefined): string {
  const goodbye = '\nExiting gracefully on Ctrl-c';
  return jid === undefined ? goodbye : `${goodbye}\nThis job's jid is: ${jid}\n${laterText(jid)}`;
}

function laterText(jid: string): string {
  return [
    'The minions may not have all finished running and any remaining minions will return upon completion. To look up the return data for this job later, run the following command:',
    '',
    `salt-run jobs.lookup_jid ${jid}`,
  ].join('\n');
}

export interface PrintedReturn {
  readonly id: string;
  readonly return: unknown;
  readonly retcode?: number | undefined;
  /** The outputter that the function asks for. */
  readonly out?: string | undefined;
}

/**
 * One return through the outputter that `--out` or the return names. Throws USAGE when `--out` is unknown. What is printed
 * has no prototype: V8 keeps such an object as a dictionary, and any other of a thousand ids in a shape of its own; the same
 * for options with a spread ahead of other members.
 */
export function formatReturn(
  ret: PrintedReturn,
  flag: string | undefined,
  options: Omit<OutputOptions, 'retcode'>,
): string | Promise<string> {
  const name = chooseOutput(flag, ret.out);
  return formatOutput(name, { __proto__: null, [ret.id]: ret.return }, { retcode: ret.retcode ?? 0, ...options });
}

/** Whose turn it is in a batch, in the words of Salt (JOB-12). */
export function batchText(ids: readonly string[]): string {
  return `\nExecuting run on ${pyRepr([...ids])}\n`;
}

export function notInBatchText(id: string): string {
  return `Minion ${id} did not respond. No job will be sent.`;
}

/** One return of a batch: Salt prints the job id and the return code with it. */
export function formatBatchReturn(
  ret: PrintedReturn,
  jid: string,
  options: Omit<OutputOptions, 'retcode'>,
): string | Promise<string> {
  const retcode = ret.retcode ?? 0;
  const data = { __proto__: null, jid, [ret.id]: ret.return, retcode };
  return formatOutput(chooseOutput(undefined, ret.out), data, { retcode, ...options });
}

/** A minion without a return, and the state its job is in. */
export interface Silence {
  readonly id: string;
  readonly jid: string;
  readonly state:
    | 'queued'
    | 'sent'
    | 'delivered'
    | 'running'
    | 'rejected'
    | 'timed_out'
    | 'cancelled'
    | 'expired'
    | 'interrupted'
    | 'unknown';
  /** Seconds UTC. */
  readonly sinceAt: number;
  /** The minion is not connected: `offline since …`. */
  readonly offline?: string | undefined;
  readonly reason?: string | undefined;
}

/** What is said of a silent minion: Salt's line, why, and where to look later if the job may still return. */
export function silenceText(silence: Silence): string {
  const { jid, state } = silence;
  const mayReturn = state === 'queued' || state === 'sent' || state === 'delivered' || state === 'running';
  const word = silence.offline === undefined ? silenceWords[state] : 'Not connected';
  const lines = [`Minion did not return. [${word}]`, whyText(silence)];
  if (mayReturn) lines.push(laterText(jid));
  return lines.join('\n');
}

const silenceWords: Readonly<Record<Silence['state'], string>> = {
  queued: 'No response',
  sent: 'No response',
  delivered: 'No response',
  running: 'No response',
  rejected: 'Rejected',
  timed_out: 'Timed out',
  cancelled: 'Cancelled',
  expired: 'Expired',
  interrupted: 'Interrupted',
  unknown: 'Unknown',
};

function whyText(silence: Silence): string {
  const since = timeText(silence.sinceAt * 1000);
  if (silence.offline !== undefined) {
    return silence.state === 'queued'
      ? `It is ${silence.offline}; the job waits for it since ${since}.`
      : `It is ${silence.offline}; the job was not sent and will not run later (--queue-for keeps it).`;
  }
  const reason = silence.reason === undefined ? '' : `: ${silence.reason}`;
  switch (silence.state) {
    case 'queued':
      return `The job waits for the minion to take it since ${since}${reason}.`;
    case 'sent':
      return `The job was sent at ${since}; the minion has not received it yet${reason}.`;
    case 'delivered':
      return `The minion received the job at ${since}; it has not started it yet${reason}.`;
    case 'running':
      return `The job is running since ${since}${reason}.`;
    case 'rejected':
      return `The minion rejected the job at ${since}${reason}.`;
    case 'timed_out':
      return `The job ran out of time at ${since}${reason}.`;
    case 'cancelled':
      return `The job was cancelled at ${since}${reason}.`;
    case 'expired':
      return `The job expired at ${since} before it could start${reason}.`;
    case 'unknown':
      return 'No key of that id is accepted: see salt-key -L.';
    case 'interrupted':
      return `The minion stopped while it ran the job, at ${since}${reason}.`;
  }
}

/** A silent minion as it is printed. */
export function formatSilence(
  silence: Silence,
  flag: string | undefined,
  options: Omit<OutputOptions, 'retcode'>,
): string | Promise<string> {
  return formatOutput(flag ?? 'no_return', { [silence.id]: silenceText(silence) }, options);
}

export interface Summary {
  /** Minion ids that returned, and those of them that failed. */
  readonly returned: readonly string[];
  readonly failed: readonly string[];
  readonly silent: readonly Pick<Silence, 'id' | 'state' | 'offline'>[];
}

/** For `--summary`; two blank lines stand above it. `-v` adds the names. */
export function summaryText(summary: Summary, verbose: boolean): string {
  const { returned, failed, silent } = summary;
  const rule = '-'.repeat(43);
  const lines = ['', '', rule, 'Summary', rule];
  lines.push(`# of minions targeted: ${returned.length + silent.length}`);
  lines.push(`# of minions returned: ${returned.length}`);
  lines.push(`# of minions that did not return: ${silent.length}`);
  lines.push(`# of minions with errors: ${failed.length}`);
  if (verbose) {
    const away = silent.filter(({ offline }) => offline !== undefined).map(({ id }) => id);
    const mute = silent.filter(({ offline }) => offline === undefined).map(({ id }) => id);
    if (away.length > 0) lines.push(`Minions not connected: ${away.join(' ')}`);
    if (mute.length > 0) lines.push(`Minions not responding: ${mute.join(' ')}`);
    if (failed.length > 0) lines.push(`Minions with failures: ${failed.join(' ')}`);
  }
  lines.push(rule);
  return lines.join('\n');
}

/** For `-d` and `sys.doc`: each function once, whichever minion documented it. `returns` is `{id: {function: text}}`. */
export function docText(returns: Readonly<Record<string, unknown>>, colour: boolean): string {
  const { green, end } = paletteFor(colour);
  const docs = new Map<string, string>();
  for (const functions of Object.values(returns)) {
    if (!isDict(functions)) continue;
    for (const [name, text] of Object.entries(functions)) if (text && !docs.has(name)) docs.set(name, pyStr(text));
  }
  const names = [...docs.keys()].sort();
  // A docstring brings its own indentation and line feeds, as Python's do.
  const parts = names.map(
    (name) => `${green}${stripControl(name)}:${end}\n${stripControl(docs.get(name) as string)}\n`,
  );
  return parts.join('\n');
}
