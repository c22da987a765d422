import { Command } from 'commander';
import type { OperatorRequestBody } from '../shared/client/operator_client.ts';
import { FleetError } from '../shared/errors.ts';
import { loadCliConfig } from './cli_config.ts';
import { durationSeconds, parseCommand, type Terminal } from './command_line.ts';
import {
  addCommonOptions,
  addPrintOptions,
  type CommonOptions,
  outputOptions,
  type PrintOptions,
  wantedOutput,
} from './command_options.ts';
import { parseCalls, parseValue } from './parse_args.ts';
import { type ShowOptions, showJob } from './show_job.ts';

interface SaltOptions extends CommonOptions, PrintOptions, Omit<ShowOptions, 'out'> {
  readonly pcre?: boolean;
  readonly list?: boolean;
  readonly timeout?: string;
  readonly parse?: string | boolean;
  readonly argsSeparator?: string;
  readonly queueFor?: string;
  readonly metadata?: string;
}

/** `salt '<target>' <function> [arguments]`. Resolves to the exit status (CLI-4). */
export async function runSalt(argv: readonly string[], terminal: Terminal): Promise<number> {
  const command = saltCommand();
  if (!parseCommand(command, argv)) return 0;
  const options = command.opts<SaltOptions>();
  const words = command.args;
  const isDoc = options.doc === true && words[1] !== 'sys.doc';
  const [target, fun, ...rest] = isDoc ? [words[0] ?? '*', 'sys.doc', ...words.slice(1)] : words;
  if (target === undefined || fun === undefined) {
    throw new FleetError('USAGE', 'a target and a function are needed', { hint: "for example: salt '*' test.ping" });
  }
  const config = await loadCliConfig(options.configDir);
  const job = await jobRequest(options, target, fun, rest);
  const print = outputOptions(options, config, terminal.isTerminal);
  const out = wantedOutput(options, config);
  const doc = fun === 'sys.doc' && out === undefined;
  return showJob(job, { ...options, out, doc }, print, config, terminal);
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

async function jobRequest(
  options: SaltOptions,
  target: string,
  fun: string,
  rest: readonly string[],
): Promise<OperatorRequestBody> {
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

async function readMapping(text: string): Promise<Readonly<Record<string, unknown>>> {
  const value = await parseValue(text);
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new FleetError('USAGE', `--metadata ${text} is not a mapping`, { hint: "write '{ticket: 42}'" });
}
