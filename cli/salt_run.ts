import { Command } from 'commander';
import type { MasterContext } from '../master/context.ts';
import { connectOperator } from '../shared/client/operator_client.ts';
import { systemClock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import { loadFolder, programFolder } from '../shared/plugin/load_folder.ts';
import { checkDocumented } from './check_documented.ts';
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
import { chooseOutput, formatOutput } from './output.ts';
import { parseCallArgs } from './parse_args.ts';
import { docText } from './return_printer.ts';
import { runnerDocs, streamedFunctions } from './runner_docs.ts';
import { eventWords, showEvents, waitForEvent } from './show_events.ts';
import { showJob } from './show_job.ts';

interface RunOptions extends CommonOptions, PrintOptions {
  readonly timeout: string;
  readonly doc?: boolean;
  readonly async?: boolean;
}

/** `salt-run <runner>.<function> [arguments]`. Resolves to the exit status. */
export async function runSaltRun(argv: readonly string[], terminal: Terminal): Promise<number> {
  const command = saltRunCommand();
  if (!parseCommand(command, argv)) return 0;
  const options = command.opts<RunOptions>();
  if (options.doc === true) return showDocs(command.args, options, terminal);
  const [fun, ...rest] = command.args;
  if (fun === undefined || !fun.includes('.')) {
    throw new FleetError(
      'USAGE',
      fun === undefined ? 'a runner function is needed' : `'${fun}' is not a runner function`,
      {
        hint: 'for example: salt-run manage.up',
      },
    );
  }
  const config = await loadCliConfig(options.configDir);
  if (options.async === true && Object.hasOwn(streamedFunctions, fun)) {
    throw new FleetError('USAGE', `${fun} prints what comes and cannot run with --async`);
  }
  if (fun === 'jobs.watch') {
    const print = outputOptions(options, config, terminal.isTerminal);
    const show = { out: wantedOutput(options, config), progress: true };
    return showJob({ op: 'watch', jid: jidOf(rest) }, show, print, config, terminal);
  }
  const source = { socketPath: config.socketPath, firstAnswerMs: durationSeconds(options.timeout, '-t') * 1000 };
  if (fun === 'state.event') {
    const words = await eventWords(fun, rest, ['count', 'quiet', 'pretty', 'since', 'from']);
    return showEvents(words, source, terminal);
  }
  if (fun === 'event.wait') {
    const words = await eventWords(fun, rest, ['timeout', 'pretty', 'since', 'from']);
    return waitForEvent(words, source, terminal);
  }
  const { arg, kwarg } = await parseCallArgs(rest);
  const client = await connectOperator({ ...source, clock: systemClock });
  try {
    for await (const step of client.request({ op: 'runner', fun, arg, kwarg, ...(options.async && { async: true }) })) {
      if (step.t === 'job') terminal.out(asyncText(String(step.jid)));
      if (step.t !== 'value') continue;
      const name = chooseOutput(wantedOutput(options, config), step.out as string | undefined);
      terminal.out(await formatOutput(name, step.value, outputOptions(options, config, terminal.isTerminal)));
      return Number(step.retcode ?? 0);
    }
    return 0;
  } finally {
    await client.close();
  }
}

/** What `salt-run` takes. */
export function saltRunCommand(): Command {
  const command = new Command('salt-run')
    .usage('[options] <runner>.<function> [arguments]')
    .description('Runs a runner on the master and prints what it returns.')
    .argument('[words...]')
    .option('-d, --doc', 'print the documentation of runners')
    .option('--async', 'print the tag of the events that tell how it ends, and do not wait')
    .option('-t, --timeout <seconds>', 'how long to wait for the master to answer', '120');
  return addPrintOptions(addCommonOptions(command)).allowExcessArguments(true);
}

/** Runners are files of the program. */
export function coreRunners() {
  return loadFolder<ModuleSpec<MasterContext>>(programFolder('master/runners'));
}

/** Salt's words, and the line that finds the outcome in the log of events. */
function asyncText(jid: string): string {
  const tag = `salt/run/${jid}`;
  return (
    'Running in asynchronous mode. Results of this execution may be collected by attaching to the master event bus. ' +
    `This execution is running under tag ${tag}\nIts outcome, when it is over: salt-run jobs.lookup_jid ${jid}\n`
  );
}

/** From the files of the program, as Salt does: the master need not run. */
async function showDocs(patterns: readonly string[], options: RunOptions, terminal: Terminal): Promise<number> {
  const config = await loadCliConfig(options.configDir);
  const docs = await runnerDocs(coreRunners(), patterns);
  const print = outputOptions(options, config, terminal.isTerminal);
  const out = wantedOutput(options, config);
  terminal.out(out === undefined ? docText({ master: docs }, print.colour) : await formatOutput(out, docs, print));
  checkDocumented(patterns, Object.keys(docs), 'salt-run -d prints all of them');
  return 0;
}

function jidOf([jid, ...more]: readonly string[]): string {
  if (jid !== undefined && more.length === 0 && /^\d{20}$/.test(jid)) return jid;
  throw new FleetError('USAGE', 'jobs.watch needs the id of one job: 20 digits', {
    hint: 'salt-run jobs.list_jobs lists them',
  });
}
