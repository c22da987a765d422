import { createHash } from 'node:crypto';
import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { errorLine } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { JobRequest } from '../../shared/protocol/messages/operator.ts';
import { reactionName } from '../../shared/reactor/order_reactions.ts';
import { callName, REACTOR_USER, type Reaction, type ReactionProblem } from '../../shared/reactor/reaction.ts';
import type { Slots } from '../../shared/reactor/slots.ts';
import type { CallRunner } from '../call_runner.ts';
import type { JobCause, JobRecord } from '../jobs/job_store.ts';
import type { ReactedEvent, ReactionRecord, ReactionStore } from './reaction_store.ts';

/** The doors that operators use. */
export interface ReactionDoors {
  readonly dispatchJob: (request: JobRequest, user: string, cause: JobCause) => Promise<JobRecord>;
  readonly callRunner: CallRunner;
  readonly newJid: () => string;
}

export interface PerformerOptions extends ReactionDoors {
  readonly store: ReactionStore;
  /** Runners that reactions have begun and that are not over. */
  readonly slots: Slots;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of each end, once. */
  readonly ended: (record: ReactionRecord) => void;
}

/** A reaction that was handed over: whatever happens now, it is done once, or known as interrupted. */
export interface HandedOver {
  readonly ended: Promise<ReactionRecord>;
}

export interface Performer {
  /** Resolves when the reaction is handed over durably; undefined when it was before. Rejects when nothing can be stored. */
  perform(reaction: Reaction, event: ReactedEvent): Promise<HandedOver | undefined>;
  /** Keeps what cannot be done as a failed reaction; undefined when it was kept before. */
  refuse(problem: ReactionProblem, event: ReactedEvent): Promise<ReactionRecord | undefined>;
}

export function createPerformer(options: PerformerOptions): Performer {
  const { store, clock, log } = options;
  const keep = async (key: string, record: ReactionRecord, event: ReactedEvent): Promise<ReactionRecord> => {
    await store.put(key, record, event);
    if (record.state === 'started') return record;
    if (record.state === 'failed') {
      const { tag, file, id, call, reason } = record;
      log.warning('a reaction failed', { tag, file, id, call, reason });
    }
    options.ended(record);
    return record;
  };
  const publish = async (
    key: string,
    reaction: Reaction & { kind: 'local' },
    event: ReactedEvent,
  ): Promise<HandedOver> => {
    const record = recordOf(reaction, event, clock);
    try {
      const cause = { once: `reactor/${event.cursor}/${key}`, depth: event.depth + 1 };
      const { jid } = await options.dispatchJob(reaction.request, REACTOR_USER, cause);
      return { ended: Promise.resolve(await keep(key, record({ state: 'succeeded', jid }), event)) };
    } catch (error) {
      return { ended: Promise.resolve(await keep(key, record({ state: 'failed', reason: errorLine(error) }), event)) };
    }
  };
  const call = async (
    key: string,
    reaction: Reaction & { kind: 'runner' | 'wheel' },
    event: ReactedEvent,
  ): Promise<HandedOver> => {
    const record = recordOf(reaction, event, clock);
    const { kind: op, request } = reaction;
    const release = await options.slots.take();
    const jid = options.newJid();
    try {
      await keep(key, record({ state: 'started', jid }), event);
    } catch (error) {
      release();
      throw error;
    }
    const end = options
      .callRunner(REACTOR_USER, { op, fun: request.fun, arg: [...request.arg], kwarg: { ...request.kwarg } }, jid)
      .then(
        () => record({ state: 'succeeded', jid }),
        (error: unknown) => record({ state: 'failed', jid, reason: errorLine(error) }),
      )
      .then((ended) => keep(key, ended, event))
      .finally(release);
    end.catch((error: unknown) =>
      log.error('the end of a reaction could not be stored', { jid, error: String(error) }),
    );
    return { ended: end };
  };

  return {
    async perform(reaction, event) {
      const key = reactionKey(reactionName(reaction), event.attempt);
      if (store.find(event.cursor, key) !== undefined) return undefined;
      if (reaction.kind === 'local') return publish(key, reaction, event);
      if (reaction.kind !== 'caller') return call(key, { ...reaction, kind: reaction.kind }, event);
      const reason =
        'caller calls functions of the minion whose reactor it is; on the master write local, runner or wheel';
      return {
        ended: Promise.resolve(await keep(key, recordOf(reaction, event, clock)({ state: 'failed', reason }), event)),
      };
    },
    async refuse({ file, id = '', message }, event) {
      const { cursor, tag } = event;
      const key = reactionKey(`${file} ${id}`, event.attempt);
      if (store.find(cursor, key) !== undefined) return undefined;
      const at = nowSeconds(clock);
      return keep(key, { cursor, tag, file, id, call: '', state: 'failed', reason: message, at }, event);
    },
  };
}

/** The same for the same reaction to the same event, also after a restart and when its file was rendered anew. */
export function reactionKey(name: string, attempt: number): string {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return attempt === 0 ? digest : `${digest}-${attempt}`;
}

type End = Pick<ReactionRecord, 'state' | 'jid' | 'reason'>;

function recordOf(reaction: Reaction, { cursor, tag }: ReactedEvent, clock: Clock): (end: End) => ReactionRecord {
  const { file, id } = reaction;
  return (end) => ({ cursor, tag, file, id, call: callName(reaction), ...end, at: nowSeconds(clock) });
}
