import { errorLine, FleetError, toReport } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { bindArguments, type ModuleSpec } from '../shared/plugin/function.ts';
import type { PluginFolder } from '../shared/plugin/load_folder.ts';
import type { Packet } from '../shared/protocol/message.ts';
import {
  type CallRequest,
  type JobRequest,
  type OperatorRequestPayload,
  OperatorResponse,
  type OperatorResponsePayload,
} from '../shared/protocol/messages/operator.ts';
import { nearest } from '../shared/suggest.ts';
import { listedIds } from '../shared/target/target.ts';
import type { MasterContext } from './context.ts';
import { isTerminal } from './jobs/job_state.ts';
import type { JobRecord } from './jobs/job_store.ts';
import type { JobUpdate, Row } from './jobs/tracker.ts';

export interface OperatorServiceOptions {
  readonly context: (user: string, set: CallSettings) => MasterContext;
  readonly runners: PluginFolder<ModuleSpec<MasterContext>>;
  readonly wheel: PluginFolder<ModuleSpec<MasterContext>>;
  readonly publish: (packet: Packet) => void;
  readonly newJid: () => string;
  readonly log: Logger;
}

/** What a called function said of its own answer. */
export interface CallSettings {
  out: string | undefined;
  retcode: number | undefined;
}

type Answer = (step: OperatorResponsePayload) => void;

/** Answers operators: publishes their jobs and runs their runners, step by step, whichever client they use. */
export function createOperatorService(options: OperatorServiceOptions) {
  const { publish, log } = options;
  return (user: string, c: string, request: OperatorRequestPayload): void => {
    const answer: Answer = (step) => publish(OperatorResponse.encode({ user, c }, step, 'json'));
    const work =
      request.op === 'job' ? serveJob(options, user, request, answer) : serveCall(options, user, request, answer);
    work.catch((error: unknown) => {
      if (!(error instanceof FleetError)) {
        log.error('a request failed with what looks like a bug', {
          user,
          op: request.op,
          fun: request.fun,
          error: String(error),
        });
        if (error instanceof Error) log.debug(error.stack ?? error.message);
      }
      answer({ t: 'error', error: toReport(error) });
    });
  };
}

/** Ends when every part of the job has ended or waits for a minion that is offline: it may come back in a week. */
async function serveJob(
  options: OperatorServiceOptions,
  user: string,
  request: JobRequest,
  answer: Answer,
): Promise<void> {
  const context = options.context(user, { out: undefined, retcode: undefined });
  const record = await context.dispatchJob(request);
  const { jid, minions } = record;
  const missing = missingOf(request, context.fleet.ids());
  answer({ t: 'job', jid, minions: [...minions], ...(missing.length > 0 && { missing }) });
  if (request.async) return answer({ t: 'end' });
  for (const [id, { state, since, reason }] of context.jobs.endedRows(jid)) {
    answer({ t: 'state', id, jid, state, since, reason, final: true, offline: context.fleet.whyOffline(id) });
  }
  const job = context.tracker.get(jid);
  const isParked = ({ id, state }: Pick<Row, 'id' | 'state'>): boolean =>
    state === 'queued' && !context.fleet.isOnline(id);
  const offlineOf = (row: Pick<Row, 'id' | 'state'>) =>
    isParked(row) ? { offline: context.fleet.whyOffline(row.id) } : {};
  const isOver = (): boolean => {
    for (const row of job?.rows.values() ?? []) if (!isParked(row)) return false;
    return true;
  };
  for (const row of job?.rows.values() ?? []) {
    const { id, state, since } = row;
    if (isParked(row)) answer({ t: 'state', id, jid, state, since, final: false, ...offlineOf(row) });
  }
  if (isOver()) return answer({ t: 'end' });
  const stop = context.tracker.watch(jid, (update) => {
    const step = stepOf(record, update);
    if (step !== undefined) answer(step.t === 'state' ? { ...step, ...offlineOf(update) } : step);
    if (!isOver()) return;
    stop();
    answer({ t: 'end' });
  });
}

/** A list names minions one by one: a name that nobody has must not be passed over in silence. */
function missingOf({ tgt, tgt_type }: JobRequest, ids: readonly string[]): string[] {
  if (tgt_type !== 'list') return [];
  const known = new Set(ids);
  return listedIds(tgt).filter((id) => !known.has(id));
}

function stepOf(
  { jid }: JobRecord,
  { id, state, since, reason, result }: JobUpdate,
): OperatorResponsePayload | undefined {
  if (result !== undefined) {
    const { retcode, out, ms } = result;
    return { t: 'ret', id, jid, return: result.return, retcode, success: result.success ?? retcode === 0, out, ms };
  }
  // Hops that every job makes within milliseconds are nobody's news.
  if (state === 'sent' || state === 'delivered') return undefined;
  return { t: 'state', id, jid, state, since, reason, final: isTerminal(state) };
}

async function serveCall(
  options: OperatorServiceOptions,
  user: string,
  request: CallRequest,
  answer: Answer,
): Promise<void> {
  const settings: CallSettings = { out: undefined, retcode: undefined };
  const context = options.context(user, settings);
  const { op, fun } = request;
  const spec = await findFunction(op === 'runner' ? options.runners : options.wheel, op, fun);
  const { values, extra } = bindArguments(fun, spec, request.arg, request.kwarg);
  const jid = options.newJid();
  const tag = `salt/${op === 'runner' ? 'run' : 'wheel'}/${jid}`;
  const about = { jid, fun: `${op}.${fun}`, fun_args: request.arg, user };
  const emit = (end: string, data: Readonly<Record<string, unknown>>): void => {
    context.bus.emit(`${tag}/${end}`, { ...about, ...data });
  };
  emit('new', {});
  try {
    const value = await spec.run(context, values, extra);
    emit('ret', { return: value, success: true });
    answer({ t: 'value', value: value ?? null, out: settings.out, retcode: settings.retcode });
    answer({ t: 'end' });
  } catch (error) {
    emit('ret', { return: errorLine(error), success: false });
    throw error;
  }
}

async function findFunction(folder: PluginFolder<ModuleSpec<MasterContext>>, op: string, fun: string) {
  const [name = '', wanted = ''] = fun.split('.');
  const module = await folder.load(name);
  if (module !== undefined && Object.hasOwn(module.functions, wanted))
    return module.functions[wanted] as ModuleSpec<MasterContext>['functions'][string];
  const guess = module === undefined ? nearest(name, folder.names) : nearest(wanted, Object.keys(module.functions));
  const hint =
    guess === undefined
      ? undefined
      : `did you mean ${module === undefined ? `${guess}.${wanted}` : `${name}.${guess}`}?`;
  throw new FleetError(
    'FUNCTION_UNKNOWN',
    `${op} function '${fun}' is not available`,
    hint === undefined ? {} : { hint },
  );
}
