import type { Clock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import { eventStamp } from '../../shared/event_stamp.ts';
import { hideArguments } from '../../shared/plugin/hide_arguments.ts';
import type { EventsRequest, OperatorResponsePayload } from '../../shared/protocol/messages/operator.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import type { EventLog } from './event_log.ts';

/** Events read at a time, so that the event loop stays free. */
const BATCH = 100;
/** Bytes that may wait for a reader before it is given no more: far below what it would be disconnected for. */
const BACKLOG_BYTES_MAX = 256 * 1024;
/** How often a reader that is slow, or gone, is looked after. */
const LOOK_MS = 500;
/** Streams at a time. */
const STREAMS_MAX = 100;
/** The tag of what tells a reader how many events it missed. */
const LOST_TAG = 'salt/event/lost';

export type Answer = (step: OperatorResponsePayload) => void;

/** The events that operators follow. A reader that is slow is waited for; what it misses meanwhile is told to it. */
export interface EventStreams {
  /** `topic` is where the answers go: the stream ends when nobody is subscribed to it any more. Throws LIMIT_EXCEEDED. */
  serve(request: EventsRequest, topic: string, answer: Answer): void;
  /** Streams that are open. */
  readonly size: number;
}

export interface EventStreamsOptions {
  readonly eventLog: EventLog;
  /** Bytes that wait for who is subscribed to that topic; undefined when nobody is. */
  readonly backlogOf: (topic: string) => number | undefined;
  readonly clock: Clock;
}

export function createEventStreams({ eventLog, backlogOf, clock }: EventStreamsOptions): EventStreams {
  let size = 0;
  return {
    get size() {
      return size;
    },
    serve(request, topic, answer) {
      if (size >= STREAMS_MAX) throw new FleetError('LIMIT_EXCEEDED', `${STREAMS_MAX} clients follow events already`);
      const reader = createReader(eventLog, clock, request, answer);
      size++;
      let isOver = false;
      let isScheduled = false;
      const schedule = (): void => {
        if (!isScheduled) setImmediate(pump);
        isScheduled = true;
      };
      const stop = (): void => {
        size--;
        isOver = true;
        unlisten();
        timer.stop();
      };
      const pump = (): void => {
        isScheduled = false;
        if (isOver || (backlogOf(topic) ?? 0) > BACKLOG_BYTES_MAX) return;
        const state = reader();
        if (state === 'more') schedule();
        if (state !== 'over') return;
        stop();
        answer({ t: 'end' });
      };
      const unlisten = eventLog.onCommit(schedule);
      const timer = clock.every(LOOK_MS, () => {
        if (backlogOf(topic) === undefined) stop();
        else schedule();
      });
      schedule();
    },
  };
}

/** Tells some of what is new at each call. */
function createReader(eventLog: EventLog, clock: Clock, request: EventsRequest, answer: Answer) {
  const matches = globMatcher(request.tag);
  let cursor = startOf(eventLog, clock, request);
  let left = request.count ?? Number.POSITIVE_INFINITY;
  answer({ t: 'listening', cursor });
  return (): 'over' | 'more' | 'waiting' => {
    const events = eventLog.read(cursor, BATCH);
    for (const event of events) {
      const lost = event.cursor - cursor - 1;
      cursor = event.cursor;
      if (lost > 0) {
        const data = { _stamp: eventStamp(clock.nowMs()), lost };
        answer({ t: 'event', cursor: cursor - 1, tag: LOST_TAG, data });
      }
      if (!matches(event.tag)) continue;
      answer({ t: 'event', cursor, tag: event.tag, data: hideArguments(event.data) });
      if (--left === 0) return 'over';
    }
    return events.length === BATCH ? 'more' : 'waiting';
  };
}

function startOf(eventLog: EventLog, clock: Clock, { from, since }: EventsRequest): number {
  if (from !== undefined) return Math.min(from, eventLog.newestCursor);
  return since === undefined ? eventLog.newestCursor : eventLog.cursorBefore(clock.nowMs() - since * 1000);
}
