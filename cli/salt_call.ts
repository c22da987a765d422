import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { checkFiredTag } from '../minion/bus/own_events.ts';
import { createCatalogue } from '../minion/catalogue.ts';
import { loadMinionConfig, type MinionConfig } from '../minion/config.ts';
import type { Beacons, Events, MasterRequests } from '../minion/context.ts';
import { createExclusive } from '../minion/jobs/exclusive.ts';
import { executeJob } from '../minion/jobs/execute.ts';
import { createJobTable } from '../minion/jobs/job_table.ts';
import { BeaconAnswer, beaconAnswerTags } from '../minion/lib/beacon/beacon_answer.ts';
import { MANAGE_BEACONS } from '../minion/lib/beacon/beacon_requests.ts';
import { ASK_MASTER, ASK_MASTER_ANSWER, readMasterAnswer } from '../minion/lib/master_requests.ts';
import { type MinionServices, makeContext, noScope } from '../minion/make_context.ts';
import { openScheduleBook } from '../minion/schedule/schedule_book.ts';
import { createSchedules } from '../minion/schedule/schedules.ts';
import { systemClock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { eventStamp } from '../shared/event_stamp.ts';
import { createJidSource } from '../shared/ids.ts';
import { createLogger, type Logger } from '../shared/log.ts';
import { coreReturners } from '../shared/plugin/open_returners.ts';
import { checkTag } from '../shared/protocol/event_tag.ts';
import { checkValue } from '../shared/protocol/message.ts';
import { localZone } from '../shared/schedule/zone.ts';
import { VERSION } from '../shared/version.ts';
import { checkDocumented } from './check_documented.ts';
import { parseCommand, type Terminal } from './command_line.ts';
import {
  addCommonOptions,
  addPrintOptions,
  type CommonOptions,
  outputOptions,
  type PrintOptions,
  wantedOutput,
} from './command_options.ts';
import { createLocalBus, type LocalBus } from './local_bus.ts';
import { openGrains } from './open_grains.ts';
import { chooseOutput, formatOutput } from './output.ts';
import { parseCallArgs } from './parse_args.ts';
import { docText } from './return_printer.ts';
import { withRunningSchedule } from './running_schedule.ts';
import { minionModules } from './salt_minion.ts';
import { eventWords } from './show_events.ts';
import { showLocalEvents } from './show_local_events.ts';

const SIGTERM = 15;

interface CallOptions extends CommonOptions, PrintOptions {
  readonly local?: boolean;
  readonly grains?: boolean;
  readonly doc?: boolean;
  readonly retcodePassthrough?: boolean;
  readonly id?: string;
  readonly moduleDirs?: readonly string[];
}

/** `salt-call <module>.<function>`: the minion's own code, in this process. Resolves to the exit status (CLI-10). */
export async function runSaltCall(argv: readonly string[], terminal: Terminal): Promise<number> {
  const options = readOptions(argv);
  if (options === undefined) return 0;
  const loaded = await loadMinionConfig({
    configDir: options.configDir,
    env: process.env,
    hostname: hostname(),
    overrides: { ...(options.id !== undefined && { id: options.id }) },
  });
  const config = { ...loaded, module_dirs: [...(options.moduleDirs ?? []), ...loaded.module_dirs] };
  const level = (options.logLevel ?? config.log_level) as MinionConfig['log_level'];
  const log = createLogger([{ level, format: 'text', write: (line) => terminal.err(line) }], () => systemClock.nowMs());
  const [fun = 'sys.doc', ...rest] = options.grains === true ? ['grains.items'] : options.words;
  if (fun === 'state.event' && options.doc !== true) {
    const words = await eventWords(fun, rest, ['count', 'quiet', 'pretty']);
    return showLocalEvents(words, createLocalBus(config, process.pid), terminal);
  }
  const call = await parseCallArgs(rest);
  const result = await runOnce(
    config,
    log,
    options.doc === true ? 'sys.doc' : fun,
    options.doc === true ? { arg: options.words, kwarg: {} } : call,
  );
  const print = outputOptions(options, config, terminal.isTerminal);
  if (options.doc === true) {
    terminal.out(docText({ local: result.return }, print.colour));
    checkDocumented(options.words, Object.keys(result.return ?? {}), 'salt-call sys.list_functions lists them');
  } else
    terminal.out(
      await formatOutput(
        chooseOutput(wantedOutput(options, config), result.out),
        { local: result.return },
        { ...print, retcode: result.retcode },
      ),
    );
  if (options.retcodePassthrough === true) return result.retcode;
  return result.retcode === 0 ? 0 : 1;
}

/** What `salt-call` takes. */
export function saltCallCommand(): Command {
  const command = new Command('salt-call')
    .usage('[options] <module>.<function> [arguments]')
    .description('Runs a function on this machine, as its minion would.')
    .argument('[words...]')
    .option('--local', 'work without a master (as every call does that needs none)')
    .option('-g, --grains', 'print the grains')
    .option('-d, --doc', 'print the documentation of functions')
    .option('-m, --module-dirs <dir>', 'a directory of custom modules; again for a further one', collect)
    .option('--id <id>', 'the minion id to go by')
    .option('--retcode-passthrough', "exit with the function's return code");
  return addPrintOptions(addCommonOptions(command)).allowExcessArguments(true);
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, resolve(value)];
}

/** Undefined when help was asked for. */
function readOptions(argv: readonly string[]): (CallOptions & { readonly words: string[] }) | undefined {
  const command = saltCallCommand();
  if (!parseCommand(command, argv)) return undefined;
  const options = command.opts<CallOptions>();
  const words = command.args;
  const [fun] = words;
  if (options.grains !== true && options.doc !== true && (fun === undefined || !fun.includes('.'))) {
    throw new FleetError('USAGE', fun === undefined ? 'a function is needed' : `'${fun}' is not a function`, {
      hint: 'for example: salt-call test.ping',
    });
  }
  return { ...options, words };
}

async function runOnce(
  config: MinionConfig,
  log: Logger,
  fun: string,
  { arg, kwarg }: { readonly arg: readonly unknown[]; readonly kwarg: Readonly<Record<string, unknown>> },
) {
  const { id } = config;
  const table = createJobTable((pid, signal) => void process.kill(pid, signal), process.pid);
  const bus = createLocalBus(config, process.pid);
  const grains = await openGrains(config, log);
  // The function waits for them, and nothing before it.
  void grains.complete();
  const book = await openScheduleBook(config);
  const schedules = createSchedules({
    book,
    surroundings: () => ({ timezone: localZone(), whens: grains.all().whens }),
    scheduler: undefined,
  });
  const services: MinionServices = {
    id,
    version: VERSION,
    config: { ...config },
    grains,
    events: createLocalEvents(bus, id),
    // The call itself is the only one, and nobody asks for that.
    jobs: { ...table, running: () => [] },
    beacons: createLocalBeacons(bus),
    schedules,
    master: createLocalMasterRequests(bus),
    catalogue: withRunningSchedule(
      createCatalogue(minionModules(), () => makeContext(services, noScope)),
      bus,
    ),
    returners: coreReturners(),
    clock: systemClock,
    log,
    env: process.env,
  };
  const { catalogue } = services;
  const job = { jid: createJidSource(systemClock)(), fun, arg: [...arg], kwarg: { ...kwarg }, exp: 0 };
  const stop = table.start(job);
  const interrupt = (): void => void table.signal(job.jid, SIGTERM);
  process.once('SIGINT', interrupt);
  const contextOf: Parameters<typeof executeJob>[0]['contextOf'] = (_job, jobStop, outcome) =>
    makeContext(services, {
      jid: undefined,
      stop: jobStop,
      outcome,
      onChild: (pid, ended) => table.child(job.jid, pid, ended),
    });
  const exclusive = createExclusive(process.pid, () => eventStamp(systemClock.nowMs()));
  await grains.complete();
  try {
    return await executeJob({ id, catalogue, clock: systemClock, log, exclusive, contextOf }, job, stop);
  } finally {
    process.off('SIGINT', interrupt);
  }
}

/** Events of a call go through the running minion, which answers nothing: what it would refuse is refused here. */
function createLocalEvents(bus: LocalBus, id: string): Events {
  return {
    async fire(tag, data) {
      checkTag(tag, '$local/');
      await bus.fire(tag, data);
    },
    async fireMaster(tag, data) {
      checkFiredTag(id, tag);
      await bus.fire('fire_master', { tag, data });
    },
  };
}

/** Salt's default. */
const ANSWER_SECONDS = 60;

/** What the running minion may take beyond the master, seconds: it answers for the master when that does not. */
const RELAY_SECONDS = 2;

function createLocalMasterRequests(bus: LocalBus): MasterRequests {
  return {
    async ask(verb, payload, timeout = ANSWER_SECONDS) {
      const question = { verb, payload, timeout };
      return readMasterAnswer(await bus.ask(ASK_MASTER, question, ASK_MASTER_ANSWER, timeout + RELAY_SECONDS));
    },
  };
}

function createLocalBeacons(bus: LocalBus): Beacons {
  return {
    async manage(request, timeoutSeconds = ANSWER_SECONDS) {
      const answer = await bus.ask(MANAGE_BEACONS, { ...request }, beaconAnswerTags[request.func], timeoutSeconds);
      return checkValue(BeaconAnswer, answer, 'the answer of the running minion');
    },
  };
}
