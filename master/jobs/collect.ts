import type { Logger } from '../../shared/log.ts';
import type { AckPayload, ReturnParts, ReturnPayload } from '../../shared/protocol/messages/return.ts';
import type { EventBus, HeldEvent } from '../events/event_bus.ts';
import type { Dispatcher } from './dispatch.ts';
import type { IncomingParts } from './incoming_parts.ts';
import { type JobEvent, nextState } from './job_state.ts';
import type { JobRecord } from './job_store.ts';
import type { TakeScheduled } from './scheduled.ts';
import type { SendControl } from './send_control.ts';
import type { JobUpdate, Tracker } from './tracker.ts';

export interface Collector {
  /** Resolves when the return is committed; only then may PUBACK go out. A return already stored resolves at once. */
  collectReturn(jid: string, id: string, payload: ReturnPayload): Promise<void>;
  /** The same for a piece of a value that the return will put together. */
  collectPart(jid: string, id: string, n: number, bytes: Uint8Array): Promise<void>;
  collectAck(jid: string, id: string, payload: AckPayload): void;
}

export interface CollectorOptions {
  readonly parts: IncomingParts;
  readonly sendControl: SendControl;
  readonly tracker: Tracker;
  readonly dispatcher: Pick<Dispatcher, 'settled' | 'postpone'>;
  readonly bus: EventBus;
  readonly log: Logger;
  readonly takeScheduled: TakeScheduled;
  /** Hands a return to the returners of `ext_job_cache`, when there are any; resolves when it would survive a power cut. */
  readonly keep: ((record: JobRecord, result: ReturnPayload) => Promise<void>) | undefined;
  /** Told of a return whose part was over. */
  readonly repeated?: () => void;
}

export function createCollector(options: CollectorOptions): Collector {
  const { tracker, dispatcher, bus, log, keep, takeScheduled, parts } = options;
  return {
    collectPart: (jid, id, n, bytes) => parts.add(jid, id, n, bytes),
    async collectReturn(jid, id, payload) {
      const whole = normalize(jid, payload);
      const result = whole.parts === undefined ? whole : await takeTogether(options, id, whole, whole.parts);
      if (result === undefined) return;
      if (result.schedule !== undefined) {
        const state = nextState('running', endingOf(result)) ?? 'failed';
        if (await takeScheduled(id, jid, state, result)) {
          if (payload.parts !== undefined) await parts.finish(jid, id);
          return;
        }
      }
      // Before the commit: killed in between, the return comes again, and a copy in a returner does no harm.
      const record = tracker.get(jid)?.record;
      if (record !== undefined && keep !== undefined) await keep(record, result);
      const taken = await tracker.commit(jid, id, endingOf(result), { result, reason: result.error?.message });
      if (!taken) {
        options.repeated?.();
        log.debug('a return of a job that is over or unknown', { jid, minion: id });
      }
      if (payload.parts !== undefined) await parts.finish(jid, id);
    },
    collectAck(jid, id, payload) {
      const { st, reason, pid } = payload;
      if (st === 'run' || st === 'prog') {
        void tracker.advance(jid, id, st === 'run' ? 'run' : 'progress', { pid });
        dispatcher.settled(jid, id);
        if (st === 'prog' && tracker.row(jid, id) !== undefined) {
          emitProgress(bus, jid, id, payload);
          tracker.tellNews(jid, { kind: 'progress', id, data: payload.data });
        }
      } else if (st === 'rej') {
        const event = payload.expired === true ? 'expire' : 'reject';
        void tracker.advance(jid, id, event, { reason: reason ?? 'rejected by the minion' });
      } else if (st === 'ctl') {
        log.warning('a minion refused what it was told of its job', { jid, minion: id, reason });
      } else {
        const detail = { reason: reason ?? 'the minion is busy', mayHaveIt: false } as const;
        // Nothing of that is stored: it is done at once.
        if (tracker.advance(jid, id, 'requeue', detail) === true) dispatcher.postpone(jid, id);
      }
    },
  };
}

/**
 * A return whose value came in parts, when they are what it says. Undefined: the minion is asked to send all of it again,
 * and this return counts as not sent. Whoever cannot be asked, or does no better, has failed.
 */
async function takeTogether(
  { parts: incoming, sendControl, log }: CollectorOptions,
  id: string,
  result: ReturnPayload & { readonly jid: string },
  parts: ReturnParts,
): Promise<ReturnPayload | undefined> {
  const { jid, parts: _parts, ...rest } = result;
  const mistake = await incoming.check(jid, id, parts, result.schedule !== undefined);
  if (mistake === undefined) return result;
  log.warning('a return in parts cannot be put together', { jid, minion: id, reason: mistake });
  if (incoming.mayAskAgain(jid, id) && (await sendControl(id, jid, 'resend'))) return undefined;
  const message = `the job ended with return code ${result.retcode}, but its return of ${parts.bytes} bytes was lost: ${mistake}`;
  const error = { code: 'MESSAGE_INVALID', message } as const;
  return { ...rest, jid, return: `ERROR: ${message}`, retcode: result.retcode || 1, success: false, error };
}

/** The members that a modest minion may leave out. What a full one sends is not copied: each copy gets a shape of its own. */
function normalize(jid: string, payload: ReturnPayload): ReturnPayload & { readonly jid: string } {
  const { success = payload.retcode === 0 } = payload;
  if (payload.jid === jid && payload.success === success) return payload as ReturnPayload & { readonly jid: string };
  return { ...payload, jid, success };
}

function endingOf(result: ReturnPayload): JobEvent {
  switch (result.ended) {
    case 'interrupted':
      return 'interrupt';
    case 'cancelled':
      return 'cancel';
    case 'timed_out':
      return 'time_out';
    case 'rejected':
      return 'reject';
    case 'expired':
      return 'expire';
    case undefined:
      return result.success === true && result.retcode === 0 ? 'succeed' : 'fail';
  }
}

function emitProgress(bus: EventBus, jid: string, id: string, { n = 0, data, p }: AckPayload): void {
  bus.emit(`salt/job/${jid}/prog/${id}/${n}`, { jid, id, data, ...(p !== undefined && { percent: p }) });
}

/** What the event bus hears when a part is over: Salt's return event, or why there will be none. */
export function holdEnded(bus: EventBus, record: JobRecord, { id, state, reason, result }: JobUpdate): HeldEvent {
  const { jid, fun, arg } = record;
  if (result !== undefined) {
    return bus.hold(`salt/job/${jid}/ret/${id}`, { cmd: '_return', fun, fun_args: arg, ...result, id, jid });
  }
  return bus.hold(`salt/job/${jid}/end/${id}`, { jid, id, fun, state, reason });
}
