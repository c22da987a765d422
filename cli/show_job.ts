import { connectOperator, type OperatorRequestBody, type OperatorStep } from '../shared/client/operator_client.ts';
import { nowSeconds, systemClock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { checkDocumented } from './check_documented.ts';
import type { CliConfig } from './cli_config.ts';
import type { Terminal } from './command_line.ts';
import { createLiveJob } from './live_job.ts';
import { formatOutput, type OutputOptions } from './output.ts';
import {
  asyncText,
  batchText,
  docText,
  failedText,
  formatBatchReturn,
  formatReturn,
  formatSilence,
  interruptText,
  jidText,
  noMinionsText,
  noReturnText,
  notInBatchText,
  type Silence,
  silenceText,
  summaryText,
  verboseHeader,
} from './return_printer.ts';
import { stripControl } from './strip_control.ts';

/** What is under way is drawn so often, milliseconds. */
const DRAW_MS = 100;

/** How the answers to a job are shown. */
export interface ShowOptions {
  readonly out?: string | undefined;
  readonly doc?: boolean;
  readonly static?: boolean;
  readonly async?: boolean;
  readonly showJid?: boolean;
  readonly verbose?: boolean;
  readonly summary?: boolean;
  readonly hideTimeout?: boolean;
  /** What is under way is shown while it is, on a terminal. */
  readonly progress?: boolean;
}

/** What came in so far. */
interface Session {
  jid: string | undefined;
  /** The master hands the job out little by little. */
  isBatch: boolean;
  readonly returns: Map<
    string,
    { readonly value: unknown; readonly retcode: number; readonly out: string | undefined }
  >;
  readonly silent: Map<string, Silence & { readonly final: boolean }>;
}

/** Sends a job and prints what comes of it. Resolves to the exit status (CLI-4). */
export async function showJob(
  request: OperatorRequestBody,
  options: ShowOptions,
  print: OutputOptions,
  config: CliConfig,
  terminal: Terminal,
): Promise<number> {
  const session: Session = { jid: undefined, isBatch: false, returns: new Map(), silent: new Map() };
  const client = await connectOperator({ socketPath: config.socketPath, firstAnswerMs: 15_000, clock: systemClock });
  const live = createLiveJob();
  const draw = (): void => terminal.status(live.lines(terminal.width() ?? 0, nowSeconds(systemClock)));
  const drawing = isLive(options, terminal) ? systemClock.every(DRAW_MS, draw) : undefined;
  terminal.onInterrupt(() => terminal.err(interruptText(session.jid)));
  try {
    for await (const step of client.request(request)) {
      if (drawing !== undefined) live.note(step, nowSeconds(systemClock));
      if (step.t !== 'ret') await showStep(step, session, options, print, terminal);
      else {
        const text = showReturn(step, session, options, print);
        if (text !== undefined) terminal.out(typeof text === 'string' ? text : await text);
      }
    }
  } catch (error) {
    if (error instanceof FleetError && error.code === 'TARGET_EMPTY') {
      terminal.out(noMinionsText);
      terminal.err(noReturnText);
      return 2;
    }
    throw session.jid === undefined ? error : withJob(error, session.jid);
  } finally {
    drawing?.stop();
    terminal.status([]);
    await client.close();
  }
  if (options.async === true) return 0;
  const status = await finish(session, options, print, terminal);
  if (options.doc === true && status === 0) {
    const names = Object.values(valuesOf(session)).flatMap((docs) => Object.keys(docs ?? {}));
    checkDocumented(request.arg as readonly unknown[], names, "salt '*' sys.list_functions lists them");
  }
  return status;
}

/** What is printed of a return when it comes. */
function showReturn(
  step: OperatorStep,
  session: Session,
  options: ShowOptions,
  print: OutputOptions,
): string | undefined | Promise<string> {
  const id = String(step.id);
  const result = { value: step.return, retcode: Number(step.retcode), out: step.out as string | undefined };
  session.silent.delete(id);
  session.returns.set(id, result);
  if (options.static === true || options.doc === true) return undefined;
  const printed = { id, return: result.value, retcode: result.retcode, out: result.out };
  return session.isBatch && options.out === undefined
    ? formatBatchReturn(printed, String(step.jid), print)
    : formatReturn(printed, options.out, print);
}

async function showStep(
  step: OperatorStep,
  session: Session,
  options: ShowOptions,
  print: OutputOptions,
  terminal: Terminal,
): Promise<void> {
  const id = String(step.id);
  if (step.t === 'job') {
    session.jid = String(step.jid);
    session.isBatch = step.batch === true;
    if (options.async === true) terminal.out(asyncText(session.jid));
    else if (options.verbose === true) terminal.out(verboseHeader(session.jid));
    else if (options.showJid === true) terminal.out(jidText(session.jid));
    for (const name of (step.missing ?? []) as string[]) {
      session.silent.set(name, { id: name, jid: session.jid, state: 'unknown', sinceAt: 0, final: true });
      if (showsSilence(options))
        terminal.out(await formatSilence(session.silent.get(name) as Silence, options.out, print));
    }
  } else if (step.t === 'prog') {
    // On the live lines, where there are any.
    const isShown = terminal.isTerminal && isLive(options, terminal);
    if (options.static !== true && options.out === undefined && !isShown) terminal.out(progressLines(id, step.data));
  } else if (step.t === 'batch') {
    terminal.out(batchText(step.minions as string[]));
  } else if (step.t === 'state') {
    const silence = step as unknown as Omit<Silence, 'sinceAt'> & { since: number; final: boolean };
    session.silent.set(id, { ...silence, sinceAt: silence.since });
    if (!showsSilence(options) || !silence.final) return;
    if (session.isBatch && silence.offline !== undefined) return terminal.out(notInBatchText(id));
    terminal.out(await formatSilence(session.silent.get(id) as Silence, options.out, print));
  }
}

function showsSilence({ static: atTheEnd, hideTimeout, doc, async: detached }: ShowOptions): boolean {
  return atTheEnd !== true && hideTimeout !== true && doc !== true && detached !== true;
}

function isLive({ progress, async: detached }: ShowOptions, terminal: Terminal): boolean {
  return progress === true && detached !== true && terminal.width() !== undefined;
}

/** Partial output, each line under its minion's name. */
function progressLines(id: string, data: unknown): string {
  const streams = data !== null && typeof data === 'object' ? Object.values(data) : [data];
  return streams
    .flatMap((text) => String(text).replace(/\n$/, '').split('\n'))
    .map((line) => `${id}| ${stripControl(line)}`)
    .join('\n');
}

async function finish(
  session: Session,
  options: ShowOptions,
  print: OutputOptions,
  terminal: Terminal,
): Promise<number> {
  const { returns, silent } = session;
  const failed = [...returns].filter(([, { retcode }]) => retcode !== 0).map(([id]) => id);
  if (options.doc === true) terminal.out(docText(valuesOf(session), print.colour));
  else if (options.static === true) await printStatic(session, options, print, terminal);
  else if (options.hideTimeout !== true) await printOpen(session, options, print, terminal);
  if (options.summary === true) {
    terminal.out(
      summaryText({ returned: [...returns.keys()], failed, silent: [...silent.values()] }, options.verbose === true),
    );
  }
  // Who did not answer when a batch began is no part of it (JOB-12); whom nobody wants to see is no failure either.
  const isMissed = ({ offline }: Silence): boolean => !session.isBatch || offline === undefined;
  const missed = options.hideTimeout === true ? [] : [...silent.values()].filter(isMissed);
  if (returns.size === 0 && missed.length === 0) {
    terminal.err(noReturnText);
    return 2;
  }
  if (failed.length === 0 && missed.length === 0) return 0;
  terminal.err(failedText);
  return session.isBatch ? Math.max(1, ...[...returns.values()].map(({ retcode }) => retcode)) : 1;
}

/** The connection is gone; the job is not. */
function withJob(error: unknown, jid: string): unknown {
  if (!(error instanceof FleetError) || error.code !== 'MASTER_UNREACHABLE') return error;
  const hint = `job ${jid} goes on; when the master is back: salt-run jobs.watch ${jid}`;
  return new FleetError(error.code, error.message, { hint, cause: error });
}

/** Minions whose part goes on without us. */
async function printOpen(
  { silent }: Session,
  options: ShowOptions,
  print: OutputOptions,
  terminal: Terminal,
): Promise<void> {
  for (const silence of silent.values()) {
    if (!silence.final) terminal.out(await formatSilence(silence, options.out, print));
  }
}

/** What `--out` names prints all minions as one value, for programs; otherwise each has the outputter that suits it. */
async function printStatic(
  session: Session,
  options: ShowOptions,
  print: OutputOptions,
  terminal: Terminal,
): Promise<void> {
  const { returns, silent } = session;
  const silences = options.hideTimeout === true ? [] : [...silent.values()];
  if (options.out !== undefined) {
    const texts = Object.fromEntries(silences.map((silence) => [silence.id, silenceText(silence)]));
    terminal.out(await formatOutput(options.out, { ...valuesOf(session), ...texts }, print));
    return;
  }
  const name = [...returns.values()].find(({ out }) => out !== undefined)?.out ?? 'nested';
  if (returns.size > 0) terminal.out(await formatOutput(name, valuesOf(session), print));
  for (const silence of silences) terminal.out(await formatSilence(silence, undefined, print));
}

function valuesOf({ returns }: Session): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...returns].map(([id, { value }]) => [id, value]));
}
