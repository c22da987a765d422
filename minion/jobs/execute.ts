import type { Clock } from '../../shared/clock.ts';
import { type ErrorCode, errorLine, FleetError, toReport } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { callFunction } from '../../shared/plugin/function.ts';
import type { JobPayload } from '../../shared/protocol/messages/job.ts';
import type { ReturnPayload } from '../../shared/protocol/messages/return.ts';
import { findFunction } from '../catalogue.ts';
import type { Catalogue, MinionContext, MinionFunction } from '../context.ts';
import type { Exclusive } from './exclusive.ts';

/** What a function said about its own outcome (JOB-6). */
export interface Outcome {
  retcode: number | undefined;
  out: string | undefined;
}

export interface JobEnd {
  readonly ended?: ReturnPayload['ended'];
  readonly reason?: string;
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
  contextOf(job: JobPayload, signal: AbortSignal, outcome: Outcome): MinionContext;
}

/** How a call ended. */
type Ending = Pick<ReturnPayload, 'return' | 'retcode' | 'success' | 'out' | 'error'>;

/** Runs one job to its end and puts whatever happened into a return. Never rejects: a bug in a module is a return too. */
export async function executeJob(
  options: ExecuteOptions,
  job: JobPayload,
  signal: AbortSignal,
): Promise<ReturnPayload> {
  const { clock, log } = options;
  const outcome: Outcome = { retcode: undefined, out: undefined };
  const startedMs = clock.monotonicMs();
  const ended = ({ return: value, retcode, success, ...more }: Ending): ReturnPayload => ({
    id: options.id,
    jid: job.jid,
    fun: job.fun,
    fun_args: [...(job.arg ?? [])],
    return: value,
    retcode,
    success,
    ms: Math.round((clock.monotonicMs() - startedMs) * 1000) / 1000,
    ...more,
    ...aborted(signal),
  });
  try {
    const spec = await findFunction(options.catalogue, job.fun);
    options.permit?.(job, spec);
    const context = options.contextOf(job, signal, outcome);
    const call = () => callFunction(job.fun, spec, context, job.arg ?? [], job.kwarg ?? {});
    const value = await inTurn(options.exclusive, spec.exclusive, job, signal, call);
    const retcode = outcome.retcode ?? retcodeOf(value);
    return ended({
      return: value ?? null,
      retcode,
      success: retcode === 0,
      ...(outcome.out !== undefined && { out: outcome.out }),
    });
  } catch (error) {
    if (!signal.aborted) logBug(log, job, error);
    return ended({
      return: signal.aborted ? stoppedText(signal) : failureText(error),
      retcode: outcome.retcode || 1,
      success: false,
      ...(!signal.aborted && { error: toReport(error) }),
    });
  }
}

/** What is no FleetError is a bug of the module; its stack is for the log, at debug. */
function logBug(log: Logger, { jid, fun }: JobPayload, error: unknown): void {
  if (error instanceof FleetError) return;
  log.error('a function failed with what looks like a bug', { jid, fun, error: String(error) });
  if (error instanceof Error) log.debug(error.stack ?? error.message);
}

function stoppedText(signal: AbortSignal): string {
  return signal.reason === 'timeout' ? 'the job ran out of time and was stopped' : 'the job was cancelled';
}

/** Runs at once, or when it is the job's turn in its group. */
async function inTurn(
  exclusive: Exclusive,
  group: string | undefined,
  job: JobPayload,
  signal: AbortSignal,
  call: () => Promise<unknown>,
): Promise<unknown> {
  if (group === undefined) return call();
  const leave = await exclusive.enter(group, job, signal);
  try {
    return await call();
  } finally {
    leave();
  }
}

/** A job that was stopped from outside says so, whatever the function made of it. */
function aborted(signal: AbortSignal): JobEnd {
  if (!signal.aborted) return {};
  return { ended: signal.reason === 'timeout' ? 'timed_out' : 'cancelled' };
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
