import * as v from 'valibot';
import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { errorLine, FleetError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { hideKeywords } from '../../shared/plugin/hide_arguments.ts';
import type { AnyReactor, ReactorContext, ReactorJob } from '../../shared/plugin/reactor.ts';
import { JobRequest } from '../../shared/protocol/messages/operator.ts';
import { REACTOR_USER } from '../../shared/reactor/reaction.ts';
import { type ReactionDoors, reactionKey } from './perform_reaction.ts';
import type { ReactedEvent, ReactionRecord, ReactionStore } from './reaction_store.ts';

/** A typed reactor and the file it is in. */
export interface TypedReactor {
  readonly file: string;
  readonly name: string;
  readonly spec: AnyReactor;
  matches(tag: string): boolean;
}

export interface TypedRunnerOptions extends ReactionDoors {
  readonly store: ReactionStore;
  /** True for a function that only looks, and may be called twice. */
  readonly onlyReads: (op: 'runner' | 'wheel', fun: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ended: (record: ReactionRecord) => void;
}

/** Longest run of one `react`, milliseconds. */
const REACT_MS = 60_000;

export type RunTypedReactor = (reactor: TypedReactor, event: ReactedEvent) => Promise<ReactionRecord | undefined>;

/**
 * Runs typed reactors. Resolves when what one did is handed over durably: to what is kept of it, if anything. Rejects when
 * nothing can be stored.
 */
export function createTypedRunner(options: TypedRunnerOptions): RunTypedReactor {
  const { store, clock, log } = options;
  return async (reactor, event) => {
    const { file, name } = reactor;
    const { cursor, tag } = event;
    const key = reactionKey(`${file} react`, event.attempt);
    if (store.find(cursor, key) !== undefined) return undefined;
    const did: string[] = [];
    const keep = async (state: 'succeeded' | 'failed', reason?: string): Promise<ReactionRecord> => {
      const record = { cursor, tag, file, id: name, call: 'react', did, state, reason, at: nowSeconds(clock) };
      await store.put(key, record, event);
      options.ended(record);
      return record;
    };
    try {
      const data = checkData(reactor, event);
      await withinTime(clock, async () =>
        reactor.spec.react(contextOf(options, reactor, event, did), { tag, data, cursor }),
      );
    } catch (error) {
      log.warning('a reactor failed', { tag, file, reason: errorLine(error) });
      return keep('failed', errorLine(error));
    }
    // A reactor that looked and left is no news.
    return did.length > 0 ? keep('succeeded') : undefined;
  };
}

/** What a typed reactor would do, as texts. */
export async function tryTypedReactor(
  reactor: TypedReactor,
  event: ReactedEvent,
  options: Pick<TypedRunnerOptions, 'onlyReads' | 'callRunner' | 'clock' | 'log'>,
): Promise<readonly string[]> {
  const did: string[] = [];
  const call =
    (op: 'runner' | 'wheel') =>
    async (fun: string, kwarg: Readonly<Record<string, unknown>> = {}) => {
      did.push(describe(op, fun, kwarg));
      if (!(await options.onlyReads(op, fun))) return undefined;
      return (await options.callRunner(REACTOR_USER, { op, fun, arg: [], kwarg: { ...kwarg } })).value;
    };
  const context: ReactorContext = {
    async publish(job) {
      const { fun, tgt, ...rest } = toRequest(job);
      did.push(`${describe('local', fun, rest.kwarg)} on ${JSON.stringify(tgt)}`);
      return '0'.repeat(20);
    },
    runner: call('runner'),
    wheel: call('wheel'),
    log: options.log,
  };
  const { tag, cursor } = event;
  const data = checkData(reactor, event);
  await withinTime(options.clock, async () => reactor.spec.react(context, { tag, data, cursor }));
  return did;
}

function checkData({ spec }: TypedReactor, { data }: ReactedEvent): unknown {
  if (spec.event === undefined) return data;
  const result = v.safeParse(spec.event, data);
  if (result.success) return result.output;
  const [{ path, message }] = result.issues;
  const member = path?.map(({ key }) => String(key)).join('.') ?? 'data';
  throw new FleetError('MESSAGE_INVALID', `the event has another shape: ${member}: ${message}`);
}

function contextOf(
  options: TypedRunnerOptions,
  reactor: TypedReactor,
  event: ReactedEvent,
  did: string[],
): ReactorContext {
  const { store } = options;
  let count = 0;
  const call =
    (op: 'runner' | 'wheel') =>
    async (fun: string, kwarg: Readonly<Record<string, unknown>> = {}) => {
      const request = { op, fun, arg: [], kwarg: { ...kwarg } };
      if (await options.onlyReads(op, fun)) return (await options.callRunner(REACTOR_USER, request)).value;
      const key = reactionKey(`${reactor.file} ${++count} ${op} ${fun}`, event.attempt);
      if (store.find(event.cursor, key) !== undefined) {
        throw new FleetError(
          'COMMAND_FAILED',
          `${op}.${fun} was called for this event already, before the master was stopped`,
        );
      }
      const jid = options.newJid();
      const { cursor, tag } = event;
      const { file, name: id } = reactor;
      const record = { cursor, tag, file, id, call: `${op}.${fun}`, jid, at: nowSeconds(options.clock) };
      await store.put(key, { ...record, state: 'started' }, event);
      did.push(`${describe(op, fun, kwarg)} ${jid}`);
      try {
        const { value } = await options.callRunner(REACTOR_USER, request, jid);
        await store.put(key, { ...record, state: 'succeeded' }, event);
        return value;
      } catch (error) {
        // Who called it decides what that means for the reaction: no dead letter of its own.
        await store.put(key, { ...record, state: 'succeeded', reason: errorLine(error) }, event);
        throw error;
      }
    };
  return {
    async publish(job) {
      const request = toRequest(job);
      const once = `reactor/${event.cursor}/${reactionKey(`${reactor.file} ${++count}`, event.attempt)}`;
      const { jid } = await options.dispatchJob(request, REACTOR_USER, { once, depth: event.depth + 1 });
      did.push(`${describe('local', request.fun, request.kwarg)} ${jid}`);
      return jid;
    },
    runner: call('runner'),
    wheel: call('wheel'),
    log: options.log,
  };
}

function toRequest(job: ReactorJob): JobRequest {
  const result = v.safeParse(JobRequest, { ...job, op: 'job', async: true });
  if (result.success) return result.output;
  const [{ path, message }] = result.issues;
  throw new FleetError('ARGS_INVALID', `${path?.map(({ key }) => String(key)).join('.') ?? 'the job'}: ${message}`);
}

function describe(kind: string, fun: string, kwarg: Readonly<Record<string, unknown>>): string {
  const shown = hideKeywords(kind === 'local' ? fun : `${kind}.${fun}`, kwarg) as Readonly<Record<string, unknown>>;
  const list = Object.entries(shown).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  return `${kind}.${fun}${list.join('')}`;
}

async function withinTime(clock: Clock, work: () => Promise<void>): Promise<void> {
  let stop = (): void => undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    const timer = clock.after(REACT_MS, () =>
      reject(new FleetError('TIMED_OUT', `react took longer than ${REACT_MS / 1000} s`)),
    );
    stop = timer.stop;
  });
  try {
    await Promise.race([work(), tooLate]);
  } finally {
    stop();
  }
}
