import type { Clock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { callFunction } from '../shared/plugin/function.ts';
import { findFunction } from './catalogue.ts';
import type { Beacons, Catalogue, Events, Grains, Jobs, MasterRequests, MinionContext, Schedules } from './context.ts';
import type { Outcome } from './jobs/execute.ts';
import { createExec } from './lib/exec.ts';

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
  readonly clock: Clock;
  readonly log: Logger;
  /** The environment that processes start from. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What is one call's own. */
export interface CallScope {
  readonly jid: string | undefined;
  readonly signal: AbortSignal;
  readonly outcome: Outcome;
  readonly onChild?: (pid: number, ended: Promise<unknown>) => void;
  readonly progress?: (stream: string, text: string) => void;
}

/** The context of one call, and of the calls that it makes itself. */
export function makeContext(services: MinionServices, scope: CallScope, depth = 0): MinionContext {
  const { catalogue, clock, env } = services;
  const { jid, signal, outcome, onChild } = scope;
  const log = jid === undefined ? services.log : services.log.child({ jid });
  return {
    ...services,
    pillar: {},
    jid,
    signal,
    log,
    root: '/',
    exec: createExec({ env, log, clock, signal, ...(onChild !== undefined && { onChild }) }),
    async call(fun, args = [], kwargs = {}) {
      if (depth >= CALL_DEPTH_MAX)
        throw new FleetError('LIMIT_EXCEEDED', `${fun}: more than ${CALL_DEPTH_MAX} nested calls`);
      const spec = await findFunction(catalogue, fun);
      return callFunction(fun, spec, makeContext(services, scope, depth + 1), args, kwargs);
    },
    progress: (stream, text) => scope.progress?.(stream, text),
    setRetcode(retcode) {
      outcome.retcode = retcode;
    },
    setOut(outputter) {
      outcome.out = outputter;
    },
  };
}
