import type { Clock } from '../../shared/clock.ts';
import { type Logger, redact } from '../../shared/log.ts';
import { REACTOR_USER } from '../../shared/reactor/reaction.ts';
import { createThreadRenderer, type OpenRenderThread } from '../../shared/reactor/render_thread.ts';
import type { MinionConfig } from '../config.ts';
import type { Catalogue, MinionContext } from '../context.ts';
import type { RunOwnJob } from '../jobs/own_jobs.ts';
import { allFunctions } from '../lib/all_functions.ts';
import { createMinionReactor, type MinionReactor } from './reactor.ts';

/** The reactor of a minion as it is configured. Without rules it costs nothing: the thread starts with the first event. */
export function openMinionReactor(options: {
  readonly config: MinionConfig;
  readonly catalogue: Catalogue;
  /** What functions see that templates call. */
  readonly context: Pick<MinionContext, 'call'>;
  readonly runOwnJob: RunOwnJob;
  readonly openRenderThread: OpenRenderThread;
  readonly clock: Clock;
  readonly log: Logger;
}): MinionReactor {
  const { config, catalogue, context, runOwnJob, clock, log } = options;
  const open = async () =>
    createThreadRenderer({
      // Hidden like in a log: a template has no use for passwords.
      data: {
        opts: redact(config) as Readonly<Record<string, unknown>>,
        roots: {},
        functions: [...(await allFunctions(catalogue)).keys()],
      },
      open: options.openRenderThread,
      call: (fun, arg, kwarg) => context.call(fun, arg, kwarg),
      clock,
    });
  let renderer: ReturnType<typeof open> | undefined;
  const reactor = createMinionReactor({
    rules: config.reactor,
    async renderFile(file, event) {
      renderer ??= open();
      return (await renderer).renderFile(file, event);
    },
    call: (request) => runOwnJob({ ...request, user: REACTOR_USER, returned: null }),
    clock,
    log,
  });
  return {
    heard: reactor.heard,
    async stop() {
      const stopped = reactor.stop();
      (await renderer)?.stop();
      await stopped;
    },
  };
}
