import type { Clock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import { type Logger, redact } from '../../shared/log.ts';
import type { ModuleSpec } from '../../shared/plugin/function.ts';
import type { PluginFolder } from '../../shared/plugin/load_folder.ts';
import { REACTOR_USER } from '../../shared/reactor/reaction.ts';
import { createThreadRenderer, type OpenRenderThread } from '../../shared/reactor/render_thread.ts';
import { type CallRunner, findFunction } from '../call_runner.ts';
import type { MasterConfig } from '../config.ts';
import type { MasterContext } from '../context.ts';
import type { EventLog } from '../events/event_log.ts';
import { createFileRoots } from '../files/file_roots.ts';
import type { Dispatcher } from '../jobs/dispatch.ts';
import type { JobStore } from '../jobs/job_store.ts';
import type { Store } from '../store/store.ts';
import { createFindReactorFiles } from './find_reactor_files.ts';
import { loadTypedReactors } from './load_typed_reactors.ts';
import { createReactionStore } from './reaction_store.ts';
import { createReactor, type Reactor } from './reactor.ts';

export interface OpenReactorOptions {
  readonly config: MasterConfig;
  readonly store: Store;
  readonly eventLog: EventLog;
  readonly jobs: JobStore;
  readonly dispatcher: Pick<Dispatcher, 'dispatchJob'>;
  readonly callRunner: CallRunner;
  readonly runners: PluginFolder<ModuleSpec<MasterContext>>;
  readonly wheel: PluginFolder<ModuleSpec<MasterContext>>;
  readonly newJid: () => string;
  readonly openRenderThread: OpenRenderThread;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How long the job of a reaction is kept at least for a minion that is offline, unless the reaction says otherwise. */
const QUEUE_SECONDS = 60;

/** What `salt` offers to reactor files: Salt's way to call a runner, for those that only look. */
const RUNNER_CALL = 'saltutil.runner';

/** The reactor as it is configured; it waits to be started. */
export async function openReactor(options: OpenReactorOptions): Promise<Reactor> {
  const { config, callRunner, clock, log } = options;
  const onlyReads = async (op: 'runner' | 'wheel', fun: string): Promise<boolean> =>
    (await findFunction(op === 'runner' ? options.runners : options.wheel, op, fun)).reads === true;
  const callForTemplate = async (
    _fun: string,
    [name, arg = [], kwarg = {}]: readonly unknown[],
    named: Readonly<Record<string, unknown>>,
  ): Promise<unknown> => {
    const fun = String(name ?? named.name);
    if (!(await onlyReads('runner', fun))) {
      throw new FleetError('NOT_PERMITTED', `${RUNNER_CALL} calls only what looks, and ${fun} may change something`, {
        hint: `make it a reaction: runner.${fun}`,
      });
    }
    const request = {
      op: 'runner',
      fun,
      arg: (named.arg ?? arg) as unknown[],
      kwarg: (named.kwarg ?? kwarg) as Record<string, unknown>,
    } as const;
    return (await callRunner(REACTOR_USER, request)).value;
  };
  const renderer = createThreadRenderer({
    // Hidden like in a log: a template has no use for passwords, and what it prints is seen by many.
    data: { opts: redact(config) as MasterConfig, roots: config.file_roots, functions: [RUNNER_CALL] },
    open: options.openRenderThread,
    call: callForTemplate,
    clock,
  });
  const reactor = createReactor({
    rules: config.reactor,
    typed: await loadTypedReactors(config.reactor_dirs, log),
    store: createReactionStore(options.store, config.keep_reactions),
    events: options.eventLog,
    jobs: options.jobs,
    findFiles: createFindReactorFiles(createFileRoots(config.file_roots)),
    renderFile: renderer.renderFile,
    callsMax: config.reactor_worker_threads,
    // Minions that were cut off with the master, or are about to connect, get what is meant for them.
    dispatchJob: (request, user, cause) =>
      options.dispatcher.dispatchJob(
        { queue_for: Math.max(config.job_queue_for, QUEUE_SECONDS), ...request },
        user,
        cause,
      ),
    callRunner,
    newJid: options.newJid,
    onlyReads,
    clock,
    log,
  });
  return {
    ...reactor,
    async stop() {
      await reactor.stop();
      renderer.stop();
    },
  };
}
