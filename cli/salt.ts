import { Command, CommanderError } from 'commander';
import { connectOperator, type OperatorStep } from '../shared/client/operator_client.ts';
import { systemClock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { type CliConfig, loadCliConfig } from './cli_config.ts';
import {
  addCommonOptions,
  addPrintOptions,
  type CommonOptions,
  canonicalArgv,
  outputOptions,
  type PrintOptions,
  wantedOutput,
} from './command_options.ts';
import { formatOutput, type OutputOptions } from './output.ts';
import { parseCalls } from './parse_args.ts';
import {
  asyncText,
  docText,
  failedText,
  formatReturn,
  formatSilence,
  interruptText,
  jidText,
  noMinionsText,
  noReturnText,
  type Silence,
  summaryText,
  verboseHeader,
} from './return_printer.ts';

interface SaltOptions extends CommonOptions, PrintOptions {
  readonly pcre?: boolean;
  readonly list?: boolean;
  readonly timeout?: string;
  readonly static?: boolean;
  readonly async?: boolean;
  readonly showJid?: boolean;
  readonly verbose?: boolean;
  readonly summary?: boolean;
  readonly hideTimeout?: boolean;
  readonly doc?: boolean;
  readonly parse?: string | boolean;
  readonly argsSeparator?: string;
  readonly queueFor?: string;
  readonly metadata?: string;
}

/** `salt '<target>' <function> [arguments]`. Resolves to the exit status (CLI-4). */
export async function runSalt(argv: readonly string[], terminal: Terminal): Promise<number> {
  const command = saltCommand();
  parseCommand(command, argv);
  const options = command.opts<SaltOptions>();
  const words = command.args;
  const [target, fun, ...rest] = options.doc === true && words.length < 2 ? [words[0] ?? '*', 'sys.doc'] : words;
  if (target === undefined || fun === undefined) {
    throw new FleetError('USAGE', 'a target and a function are needed', { hint: "for example: salt '*' test.ping" });
  }
  const config = await loadCliConfig(options.configDir);
  const job = await jobRequest(options, target, fun, rest);
  const print = outputOptions(options, config, terminal.isTerminal);
  const shown = { ...options, out: wantedOutput(options, config) };
  return converse(job, shown, print, config, terminal);
}

/** Where a command writes, and how it hears of Ctrl-C. */
export interface Terminal {
  readonly isTerminal: boolean;
  out(text: string): void;
  err(text: string): void;
  onInterrupt(run: () => void): void;
}

/** Commander's own complaint, as one line with our exit status. */
export function parseCommand(command: Command, argv: readonly string[]): void {
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  try {
    command.parse(canonicalArgv(argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.exitCode === 0) throw error;
    const message = error.message.replace(/^error: /, '').replace(/\n\(/, '; (');
    throw new FleetError('USAGE', message, { hint: `see ${command.name()} --help`, cause: error });
  }
}

function saltCommand(): Command {
  const command = new Command('salt')
    .usage("[options] '<target>' <function> [arguments]")
    .description('Runs a function on all minions that the target selects, and prints what they return.')
    .argument('[words...]')
    .allowExcessArguments(true)
    .option('-E, --pcre', 'the target is a regular expression')
    .option('-L, --list', 'the target is a list of minion ids, separated by commas')
    .option('-t, --timeout <seconds>', 'how long a minion may take to start the job')
    .option('-s, --static', 'print everything at the end, as one')
    .option('--async', 'print the job id and do not wait')
    .option('--show-jid', 'print the job id')
    .option('-v, --verbose', 'print the job id and more')
    .option('--summary', 'print counts at the end')
    .option('--hide-timeout', 'do not print minions that did not return')
    .option('-d, --doc', 'print the documentation of functions')
    .option('--no-parse <names>', 'keyword arguments, separated by commas, that are kept as typed')
    .option('--args-separator <text>', 'what separates the arguments of several functions', ',')
    .option('--queue-for <duration>', 'keep the job for offline minions: 90s, 10m, 8h, 7d')
    .option('--metadata <yaml>', 'a mapping that is stored with the job');
  return addPrintOptions(addCommonOptions(command)).allowExcessArguments(true);
}

async function jobRequest(options: SaltOptions, target: string, fun: string, rest: readonly string[]) {
  if (options.pcre === true && options.list === true) {
    throw new FleetError('USAGE', '-E and -L exclude each other', { hint: 'choose one kind of target' });
  }
  const noParse = typeof options.parse === 'string' ? options.parse.split(',') : [];
  const calls = await parseCalls(fun, rest, { noParse, argsSeparator: options.argsSeparator ?? ',' });
  const [call, ...more] = calls;
  if (call === undefined || more.length > 0) {
    throw new FleetError('USAGE', `several functions in one command ('${fun}') are not supported`, {
      hint: 'run salt once for each',
    });
  }
  if (!/^[A-Za-z_][\w-]*\.[A-Za-z_]\w*$/.test(call.fun)) {
    throw new FleetError('USAGE', `'${call.fun}' is not a function`, {
      hint: 'write module.function, such as test.ping',
    });
  }
  return {
    op: 'job',
    tgt: options.list === true ? target.split(',').map((id) => id.trim()) : target,
    tgt_type: options.pcre === true ? 'pcre' : options.list === true ? 'list' : 'glob',
    ...call,
    ...(options.timeout !== undefined && { timeout: durationSeconds(options.timeout, '-t') }),
    ...(options.queueFor !== undefined && { queue_for: durationSeconds(options.queueFor, '--queue-for') }),
    ...(options.async === true && { async: true }),
    ...(options.metadata !== undefined && { metadata: await readMapping(options.metadata) }),
  };
}

const unitSeconds: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86400 };

/** `90`, `90s`, `10m`, `8h`, `7d`. Throws USAGE. */
export function durationSeconds(text: string, option: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text) ?? [];
  const seconds = Number(digits) * (unitSeconds[unit] ?? 0);
  if (digits === '' || seconds <= 0) {
    throw new FleetError('USAGE', `${option} ${text} is not a duration`, { hint: 'write 90s, 10m, 8h or 7d' });
  }
  return seconds;
}

async function readMapping(text: string): Promise<Readonly<Record<string, unknown>>> {
  const { parseValue } = await import('./parse_args.ts');
  const value = await parseValue(text);
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new FleetError('USAGE', `--metadata ${text} is not a mapping`, { hint: "write '{ticket: 42}'" });
}

/** What came in so far. */
interface Session {
  jid: string | undefined;
  readonly returns: Map<
    string,
    { readonly value: unknown; readonly retcode: number; readonly out: string | undefined }
  >;
  readonly silent: Map<string, Silence & { readonly final: boolean }>;
}

async function converse(
  request: Awaited<ReturnType<typeof jobRequest>>,
  options: SaltOptions,
  print: OutputOptions,
  config: CliConfig,
  terminal: Terminal,
): Promise<number> {
  const session: Session = { jid: undefined, returns: new Map(), silent: new Map() };
  const client = await connectOperator({ socketPath: config.socketPath, firstAnswerMs: 15_000, clock: systemClock });
  terminal.onInterrupt(() => terminal.err(interruptText(session.jid)));
  try {
    for await (const step of client.request(request)) await showStep(step, session, options, print, terminal);
  } catch (error) {
    if (error instanceof FleetError && error.code === 'TARGET_EMPTY') {
      terminal.out(noMinionsText);
      terminal.err(noReturnText);
      return 2;
    }
    throw error;
  } finally {
    await client.close();
  }
  if (options.async === true) return 0;
  return finish(session, options, print, terminal);
}

async function showStep(
  step: OperatorStep,
  session: Session,
  options: SaltOptions,
  print: OutputOptions,
  terminal: Terminal,
): Promise<void> {
  const id = String(step.id);
  if (step.t === 'job') {
    session.jid = String(step.jid);
    if (options.async === true) terminal.out(asyncText(session.jid));
    else if (options.verbose === true) terminal.out(verboseHeader(session.jid));
    else if (options.showJid === true) terminal.out(jidText(session.jid));
  } else if (step.t === 'ret') {
    const result = { value: step.return, retcode: Number(step.retcode), out: step.out as string | undefined };
    session.silent.delete(id);
    session.returns.set(id, result);
    if (options.static === true || options.doc === true) return;
    terminal.out(
      await formatReturn({ id, return: result.value, retcode: result.retcode, out: result.out }, options.out, print),
    );
  } else if (step.t === 'state') {
    const silence = step as unknown as Omit<Silence, 'sinceAt'> & { since: number; final: boolean };
    session.silent.set(id, { ...silence, sinceAt: silence.since });
    if (options.static === true || options.hideTimeout === true || options.doc === true || !silence.final) return;
    terminal.out(await formatSilence(session.silent.get(id) as Silence, options.out, print));
  }
}

async function finish(
  session: Session,
  options: SaltOptions,
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
  if (returns.size === 0) {
    terminal.err(noReturnText);
    return 2;
  }
  if (failed.length === 0 && silent.size === 0) return 0;
  terminal.err(failedText);
  return 1;
}

/** Minions whose part goes on without us. */
async function printOpen(
  { silent }: Session,
  options: SaltOptions,
  print: OutputOptions,
  terminal: Terminal,
): Promise<void> {
  for (const silence of silent.values()) {
    if (!silence.final) terminal.out(await formatSilence(silence, options.out, print));
  }
}

async function printStatic(
  { returns, silent }: Session,
  options: SaltOptions,
  print: OutputOptions,
  terminal: Terminal,
): Promise<void> {
  const name = options.out ?? [...returns.values()].find(({ out }) => out !== undefined)?.out ?? 'nested';
  if (returns.size > 0)
    terminal.out(
      await formatOutput(name, Object.fromEntries([...returns].map(([id, { value }]) => [id, value])), print),
    );
  if (options.hideTimeout === true) return;
  for (const silence of silent.values()) terminal.out(await formatSilence(silence, options.out, print));
}

function valuesOf({ returns }: Session): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...returns].map(([id, { value }]) => [id, value]));
}
