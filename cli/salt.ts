import { Command } from 'commander';
import type { OperatorRequestBody } from '../shared/client/operator_client.ts';
import { FleetError } from '../shared/errors.ts';
import { howManyPattern } from '../shared/how_many.ts';
import { loadCliConfig } from './cli_config.ts';
import { durationSeconds, parseCommand, type Terminal, wholeNumber } from './command_line.ts';
import {
  addCommonOptions,
  addPrintOptions,
  type CommonOptions,
  outputOptions,
  type PrintOptions,
  wantedOutput,
} from './command_options.ts';
import { completionScript } from './completion/shell_scripts.ts';
import { confirmWide } from './confirm_wide.ts';
import { doctorWords } from './doctor/doctor_words.ts';
import { matchedIds } from './matched_ids.ts';
import { chooseOutput, formatOutput } from './output.ts';
import { parseCallArgs, parseValue } from './parse_args.ts';
import { noMinionsText } from './return_printer.ts';
import { type ShowOptions, showJob } from './show_job.ts';
import { addTargetOptions, type TargetOptions, type TargetRequest, targetRequest } from './target_options.ts';

interface SaltOptions extends CommonOptions, PrintOptions, TargetOptions, Omit<ShowOptions, 'out'> {
  readonly previewTarget?: boolean;
  readonly yes?: boolean;
  readonly timeout?: string;
  readonly parse?: string | boolean;
  readonly queueFor?: string;
  readonly runTimeout?: string;
  readonly batch?: string;
  readonly batchWait?: string;
  readonly batchSafeLimit?: string;
  readonly batchSafeSize?: string;
  readonly failhard?: boolean;
  readonly abortOnFailures?: string;
  readonly rate?: string;
  readonly subset?: string;
  readonly quorum?: string;
  readonly return?: string;
  readonly return_config?: string;
  readonly return_kwargs?: string;
  readonly metadata?: string;
}

/** `salt '<target>' <function> [arguments]`. Resolves to the exit status (CLI-4). */
export async function runSalt(argv: readonly string[], terminal: Terminal): Promise<number> {
  const doctor = doctorWords(argv);
  if (doctor !== undefined) return (await import('./doctor/doctor.ts')).runDoctor(doctor, terminal);
  const command = saltCommand();
  if (!parseCommand(command, argv)) return 0;
  const options = command.opts<SaltOptions>();
  const words = command.args;
  const script = completionScript(words);
  if (script !== undefined) {
    terminal.out(script);
    return 0;
  }
  const isDoc = options.doc === true && words[1] !== 'sys.doc';
  if (options.previewTarget === true) return previewTarget(options, words[0] ?? '*', terminal);
  const [target, fun, ...rest] = isDoc ? [words[0] ?? '*', 'sys.doc', ...words.slice(1)] : words;
  if (target === undefined || fun === undefined) {
    throw new FleetError('USAGE', 'a target and a function are needed', { hint: "for example: salt '*' test.ping" });
  }
  const whom = targetRequest(options, target);
  const config = await loadCliConfig(options.configDir);
  const job = await jobRequest(options, whom, fun, rest);
  // Never asked of a script: it would wait for ever.
  if (options.yes !== true && terminal.isTerminal && process.stdin.isTTY === true) {
    const streams = { input: process.stdin, output: process.stdout };
    if (!(await confirmWide(fun, whom, config, streams))) return 0;
  }
  const print = outputOptions(options, config, terminal.isTerminal);
  const out = wantedOutput(options, config);
  const doc = fun === 'sys.doc' && out === undefined;
  const progress = options.progress === true || (job.kwarg as Readonly<Record<string, unknown>>).stream === true;
  return showJob(job, { ...options, out, doc, progress }, print, config, terminal);
}

/** Whom a job would be for, without one. */
async function previewTarget(options: SaltOptions, target: string, terminal: Terminal): Promise<number> {
  const config = await loadCliConfig(options.configDir);
  const ids = await matchedIds(targetRequest(options, target), config);
  if (ids.length === 0) {
    terminal.out(noMinionsText);
    return 2;
  }
  const out = chooseOutput(wantedOutput(options, config), undefined);
  terminal.out(await formatOutput(out, ids, outputOptions(options, config, terminal.isTerminal)));
  return 0;
}

/** What `salt` takes. */
export function saltCommand(): Command {
  const command = new Command('salt')
    .usage("[options] '<target>' <function> [arguments]")
    .description('Runs a function on all minions that the target selects, and prints what they return.')
    .addHelpText(
      'after',
      '\nsalt doctor [options]: says what is wrong on this machine, and what mends it.\nsalt completion bash|zsh|fish: prints what completes these commands.',
    )
    .argument('[words...]')
    .allowExcessArguments(true)
    .option('--preview-target', 'print whom the target selects, and send nothing')
    .option('-y, --yes', 'do not ask before a job changes many minions')
    .option('-t, --timeout <seconds>', 'how long a minion may take to start the job')
    .option('-s, --static', 'print everything at the end, as one')
    .option('--async', 'print the job id and do not wait')
    .option('--show-jid', 'print the job id')
    .option('-v, --verbose', 'print the job id and more')
    .option('--summary', 'print counts at the end')
    .option('--hide-timeout', 'do not print minions that did not return')
    .option('-d, --doc', 'print the documentation of functions')
    .option('--no-parse <names>', 'keyword arguments, separated by commas, that are kept as typed')
    .option('--queue-for <duration>', 'keep the job for offline minions: 90s, 10m, 8h, 7d')
    .option('-p, --progress', 'show what runs, while it does')
    .option('--run-timeout <duration>', 'how long the function may run')
    .option('-b, --batch <size>', 'so many minions at a time: 10 or 25%')
    .option('--batch-wait <seconds>', 'pause before the place of a minion that ended is filled again')
    .option('--batch-safe-limit <count>', 'use batches when more minions than this match')
    .option('--batch-safe-size <count>', 'size of those batches', '8')
    .option('--failhard', 'with a batch: hand out nothing more after the first failure')
    .option('--abort-on-failures <share>', 'hand out nothing more when this share failed: 5%')
    .option('--rate <pace>', 'minions a second at most: 50/s')
    .option('--subset <count>', 'only so many of the minions that are there, drawn at random')
    .option('--quorum <share>', 'start only if this share of the minions is there: 90%')
    .option('--return <names>', 'returners, separated by commas, that store what the minions return')
    .option('--return_config <name>', 'alternative settings of the returners')
    .option('--return_kwargs <yaml>', 'a mapping of settings for this job alone')
    .option('--metadata <yaml>', 'a mapping that is stored with the job');
  return addPrintOptions(addCommonOptions(addTargetOptions(command))).allowExcessArguments(true);
}

async function jobRequest(
  options: SaltOptions,
  whom: TargetRequest,
  fun: string,
  rest: readonly string[],
): Promise<OperatorRequestBody> {
  const noParse = typeof options.parse === 'string' ? options.parse.split(',') : [];
  if (fun.includes(',')) {
    throw new FleetError('USAGE', `several functions in one command ('${fun}') are not supported`, {
      hint: 'run salt once for each',
    });
  }
  if (!/^[A-Za-z_][\w-]*\.[A-Za-z_]\w*$/.test(fun)) {
    throw new FleetError('USAGE', `'${fun}' is not a function`, {
      hint: 'write module.function, such as test.ping',
    });
  }
  return {
    op: 'job',
    ...whom,
    fun,
    ...(await parseCallArgs(rest, { noParse })),
    ...(options.timeout !== undefined && { timeout: durationSeconds(options.timeout, '-t') }),
    ...(options.queueFor !== undefined && { queue_for: queueSeconds(options.queueFor) }),
    ...(options.runTimeout !== undefined && { run_timeout: durationSeconds(options.runTimeout, '--run-timeout') }),
    ...batchRequest(options),
    ...(options.subset !== undefined && { subset: wholeNumber(options.subset, '--subset') }),
    ...(options.quorum !== undefined && { quorum: share(options.quorum, '--quorum') }),
    ...(options.async === true && { async: true }),
    ...(options.metadata !== undefined && { metadata: await readMapping('--metadata', options.metadata) }),
    ...(options.return !== undefined && {
      ret: options.return,
      ...(options.return_config !== undefined && { ret_config: options.return_config }),
      ...(options.return_kwargs !== undefined && {
        ret_kwargs: await readMapping('--return_kwargs', options.return_kwargs),
      }),
    }),
  };
}

/** `never-offline` says for this job what `job_queue_for: 0` says for all. */
function queueSeconds(text: string): number {
  return text === 'never-offline' ? 0 : durationSeconds(text, '--queue-for');
}

/** Any of the options that pace a job makes it a batch; without a size, of all minions at once. */
function batchRequest(options: SaltOptions): Readonly<Record<string, unknown>> {
  const { batch, batchWait, batchSafeLimit, batchSafeSize = '8', failhard, abortOnFailures, rate } = options;
  const isPaced = batch !== undefined || failhard === true || abortOnFailures !== undefined || rate !== undefined;
  if (!isPaced && batchSafeLimit === undefined) return {};
  const size = batch ?? (isPaced ? '100%' : batchSafeSize);
  if (!howManyPattern.test(size)) {
    throw new FleetError('USAGE', `--batch ${size} is not a size`, { hint: 'write 10 or 25%' });
  }
  return {
    batch: {
      size,
      ...(batchWait !== undefined && { wait: durationSeconds(batchWait, '--batch-wait') }),
      ...(failhard === true && { failhard: true }),
      ...(abortOnFailures !== undefined && { abort_on_failures: share(abortOnFailures, '--abort-on-failures') }),
      ...(rate !== undefined && { rate: pace(rate) }),
      ...(!isPaced && { above: wholeNumber(batchSafeLimit ?? '', '--batch-safe-limit') }),
    },
  };
}

/** `5%` or `0.05`, as 0.05. */
function share(text: string, option: string): number {
  const [, digits = '', percent = ''] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  const value = Number(digits) / (percent === '' ? 1 : 100);
  if (digits !== '' && value <= 1) return value;
  throw new FleetError('USAGE', `${option} ${text} is not a share`, { hint: 'write 5% or 0.05' });
}

/** `50/s` or `50`, and `30/m`. */
function pace(text: string): number {
  const [, digits = '', unit = 's'] = /^(\d+(?:\.\d+)?)(?:\/([sm]))?$/.exec(text) ?? [];
  const perSecond = Number(digits) / (unit === 'm' ? 60 : 1);
  if (digits !== '' && perSecond > 0) return perSecond;
  throw new FleetError('USAGE', `--rate ${text} is not a pace`, { hint: 'write 50/s or 30/m' });
}

async function readMapping(option: string, text: string): Promise<Readonly<Record<string, unknown>>> {
  const value = await parseValue(text);
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new FleetError('USAGE', `${option} ${text} is not a mapping`, { hint: "write '{ticket: 42}'" });
}
