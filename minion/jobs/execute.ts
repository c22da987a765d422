import type { Clock } from '../../shared/clock.ts';
import { type ErrorCode, errorLine, FleetError, toReport } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { callFunction } from '../../shared/plugin/function.ts';
import type { JobPayload } from '../../shared/protocol/messages/job.ts';
import type { ReturnPayload } from '../../shared/protocol/messages/return.ts';
import { findFunction } from '../catalogue.ts';
import type { Catalogue, MinionContext, MinionFunction } from '../context.ts';
import type { Exclusive } from './exclusive.ts';
import type { JobStop } from './job_stop.ts';

/** What a function said about its own outcome (JOB-6). */
export interface Outcome {
  retcode: number | undefined;
  out: string | undefined;
}

export interface ExecuteOptions {
  readonly id: string;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly log: Logger;
  readonly exclusive: Exclusive;
  /** Throws what forbids this minion to run it now. */
  permit?(job: JobPayload, spec: MinionFunction): void;
  /** The context of one call; what the function sets goes into `outcome`. */
  contextOf(job: JobPayload, stop: JobStop, outcome: Outcome): MinionContext;
}

/**
 * Runs one job to its end and puts whatever happened into a return, at once when the function does not wait for anything.
 * Neither throws nor rejects: a bug in a module is a return too.
 */
export function executeJob(
  options: ExecuteOptions,
  job: JobPayload,
  stop: JobStop,
): ReturnPayload | Promise<ReturnPayload> {
  const { clock, log } = options;
  const outcome: Outcome = { retcode: undefined, out: undefined };
  const startedMs = clock.monotonicMs();
  const run = (spec: MinionFunction): unknown => {
    options.permit?.(job, spec);
    const context = options.contextOf(job, stop, outcome);
    const call = (): unknown => callFunction(job.fun, spec, context, job.arg ?? [], job.kwarg ?? {});
    return spec.exclusive === undefined ? call() : inTurn(options.exclusive, spec.exclusive, job, stop, call);
  };
  const ended = (value: unknown, retcode: number, success: boolean): ReturnPayload => ({
    id: options.id,
    jid: job.jid,
    fun: job.fun,
    fun_args: [...(job.arg ?? [])],
    return: value,
    retcode,
    success,
    ms: Math.round((clock.monotonicMs() - startedMs) * 1000) / 1000,
  });
  const returned = (value: unknown): ReturnPayload => {
    const retcode = outcome.retcode ?? retcodeOf(value);
    const result = ended(value ?? null, retcode, retcode === 0);
    if (outcome.out !== undefined) result.out = outcome.out;
    return sayStopped(result, stop);
  };
  const failed = (error: unknown): ReturnPayload => {
    const retcode = outcome.retcode || 1;
    if (stop.reason !== undefined) return sayStopped(ended(stoppedText(stop), retcode, false), stop);
    logBug(log, job, error);
    const result = ended(failureText(error), retcode, false);
    result.error = toReport(error);
    return result;
  };
  try {
    const spec = findFunction(options.catalogue, job.fun);
    const value = isThenable(spec) ? spec.then(run) : run(spec);
    return isThenable(value) ? Promise.resolve(value).then(returned).catch(failed) : returned(value);
  } catch (error) {
    return failed(error);
  }
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return value !== null && typeof value === 'object' && 'then' in value && typeof value.then === 'function';
}

/** What is no FleetError is a bug of the module; its stack is for the log, at debug. */
function logBug(log: Logger, { jid, fun }: JobPayload, error: unknown): void {
  if (error instanceof FleetError) return;
  log.error('a function failed with what looks like a bug', { jid, fun, error: String(error) });
  if (error instanceof Error) log.debug(error.stack ?? error.message);
}

function stoppedText({ reason }: JobStop): string {
  return reason === 'timeout' ? 'the job ran out of time and was stopped' : 'the job was cancelled';
}

/** Runs when it is the job's turn in its group. */
async function inTurn(
  exclusive: Exclusive,
  group: string,
  job: JobPayload,
  stop: JobStop,
  call: () => unknown,
): Promise<unknown> {
  const leave = await exclusive.enter(group, job, stop.signal);
  try {
    return await call();
  } finally {
    leave();
  }
}

/** A job that was stopped from outside says so, whatever the function made of it. */
function sayStopped(result: ReturnPayload, { reason }: JobStop): ReturnPayload {
  if (reason !== undefined) result.ended = reason === 'timeout' ? 'timed_out' : 'cancelled';
  return result;
}

/** Errors whose message is what Salt says, word for word; all others are Salt's CommandExecutionError. */
const SALTS_WORDS: ReadonlySet<ErrorCode> = new Set(['ARGS_INVALID', 'FUNCTION_UNKNOWN', 'MODULE_UNAVAILABLE']);

/** Salt's texts for what can go wrong in a call (CLI-19); a stack stays in the log. */
function failureText(error: unknown): string {
  if (!(error instanceof FleetError)) {
    return `The minion function caused an exception: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
  }
  return SALTS_WORDS.has(error.code) ? errorLine(error) : `ERROR: ${errorLine(error)}`;
}

/** A mapping that says it failed counts as failed (JOB-6). */
function retcodeOf(value: unknown): number {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return 0;
  const { result, success } = value as { result?: unknown; success?: unknown };
  return result === false || success === false ? 1 : 0;
}
