import type { Clock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { callFunction } from '../shared/plugin/function.ts';
import { findFunction } from './catalogue.ts';
import type { Beacons, Catalogue, Events, Grains, Jobs, MasterRequests, MinionContext, Schedules } from './context.ts';
import type { Outcome } from './jobs/execute.ts';
import { JobStop } from './jobs/job_stop.ts';
import { createExec } from './lib/exec.ts';
import { createJobEnvironment } from './lib/job_environment.ts';

/** A function that calls a function that calls … must come to an end. */
const CALL_DEPTH_MAX = 16;

/** What all calls of one minion have in common. */
export interface MinionServices {
  readonly id: string;
  readonly version: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly grains: Grains;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly beacons: Beacons;
  readonly schedules: Schedules;
  readonly master: MasterRequests;
  readonly catalogue: Catalogue;
  readonly returners: MinionContext['returners'];
  readonly clock: Clock;
  readonly log: Logger;
  /** The environment that processes start from; a job may change it for those that come. */
  readonly env: Record<string, string | undefined>;
}

/** What is one call's own. */
export interface CallScope {
  readonly jid: string | undefined;
  readonly stop: Pick<JobStop, 'signal'>;
  readonly outcome: Outcome;
  readonly onChild?: (pid: number, ended: Promise<unknown>) => void;
  readonly progress?: (stream: string, text: string) => void;
}

/** Of what is called without a job, such as a grain or the look at whether a module can work here. */
export const noScope: CallScope = {
  jid: undefined,
  stop: new JobStop(),
  outcome: { retcode: undefined, out: undefined },
};

const STOP = Symbol('stop');

/**
 * The signal is made for who looks at it. One getter for all contexts, as a member of each: with one of their own V8 keeps
 * them as dictionaries, and a copy of a context would be without one of their class.
 */
const SIGNAL: PropertyDescriptor & ThisType<{ readonly [STOP]: CallScope['stop'] }> = {
  enumerable: true,
  get() {
    return this[STOP].signal;
  },
};

/** The context of one call, and of the calls that it makes itself. */
export function makeContext(
  services: MinionServices,
  scope: CallScope,
  depth = 0,
  environment = createJobEnvironment(services.env),
): MinionContext {
  // Named one by one: with a spread ahead of its own members, the object takes V8 twenty microseconds.
  const { id, version, grains, config, clock, events, jobs, beacons, schedules, master, catalogue, returners } =
    services;
  const { jid, stop, outcome, onChild } = scope;
  const log = jid === undefined ? services.log : services.log.child({ jid });
  const context: Omit<MinionContext, 'signal'> & { readonly [STOP]: CallScope['stop'] } = {
    id,
    version,
    grains,
    pillar: {},
    config,
    jid,
    clock,
    log,
    root: '/',
    environment,
    events,
    jobs,
    beacons,
    schedules,
    master,
    catalogue,
    returners,
    // Made at each start: most calls start nothing, and the job may have changed the environment.
    exec: (argv, options) =>
      createExec({
        env: environment.all(),
        log,
        clock,
        signal: stop.signal,
        ...(onChild !== undefined && { onChild }),
      })(argv, options),
    async call(fun, args = [], kwargs = {}) {
      if (depth >= CALL_DEPTH_MAX)
        throw new FleetError('LIMIT_EXCEEDED', `${fun}: more than ${CALL_DEPTH_MAX} nested calls`);
      const spec = await findFunction(catalogue, fun);
      return callFunction(fun, spec, makeContext(services, scope, depth + 1, environment), args, kwargs);
    },
    progress: (stream, text) => scope.progress?.(stream, text),
    setRetcode(retcode) {
      outcome.retcode = retcode;
    },
    setOut(outputter) {
      outcome.out = outputter;
    },
    [STOP]: stop,
  };
  return Object.defineProperty(context, 'signal', SIGNAL) as typeof context & Pick<MinionContext, 'signal'>;
}
