import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { type Encoding, encodePayload } from '../../shared/protocol/codec.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { type InfoPayload, Job, type JobPayload } from '../../shared/protocol/messages/job.ts';
import type { JobRequest } from '../../shared/protocol/messages/operator.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import type { EventBus } from '../events/event_bus.ts';
import type { Fleet } from '../fleet.ts';
import type { EndedRow, JobRecord } from './job_store.ts';
import { createLanes, type Lanes } from './lanes.ts';
import type { Row, Tracker } from './tracker.ts';

export interface DispatchLimits {
  /** Jobs that may wait for one minion. */
  readonly queuedPerMinionMax: number;
  /** Parts of jobs that may be open for all minions together. */
  readonly openMax: number;
  /** Jobs sent to one full minion and not yet running there. */
  readonly inflightMax: number;
}

export interface DispatcherOptions {
  readonly tracker: Tracker;
  readonly fleet: Fleet;
  readonly bus: EventBus;
  readonly newJid: () => string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Seconds a job waits to be started when the request does not say. */
  readonly timeoutSeconds: number;
  /** Seconds an offline minion's job is kept when the request does not say; 0: not at all. */
  readonly queueForSeconds: number;
  /** Seconds a job may run at all. */
  readonly runSeconds: number;
  readonly limits: DispatchLimits;
  /** Signs a payload for one minion. */
  readonly sign: (payload: Uint8Array, encoding: Encoding, id: string) => Promise<Uint8Array>;
  readonly send: (id: string, packet: Packet, acknowledged: () => void) => boolean;
}

/** Hands jobs to minions: the queue belongs to the store, the broker only carries. */
export interface Dispatcher {
  /** Records a job and starts to send it. `user` is who the connection says it is. */
  dispatchJob(request: JobRequest, user: string): Promise<JobRecord>;
  /** Sends what waits for a minion, oldest first, as far as its window allows. */
  flush(id: string): void;
  /** The minion's connection ended, or is another one: what it did not start waits again. */
  requeue(id: string): void;
  /** The minion is busy: the job waits again and is offered with the next flush. */
  postpone(jid: string, id: string): void;
  /** The minion's key is not accepted any more: nothing of it is waited for. */
  abandon(id: string, reason: string): void;
  /** A row of this minion moved on: there may be room for the next. */
  settled(jid: string, id: string): void;
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { tracker, fleet, bus, limits } = options;
  const lanes = createLanes();
  const transmit = createTransmitter(options, lanes);

  const flush = (id: string): void => {
    if (!fleet.isOnline(id)) return;
    const info = fleet.info(id);
    for (const jid of lanes.take(id, Math.min(info.window, limits.inflightMax))) {
      const job = tracker.get(jid);
      const row = job?.rows.get(id);
      if (job === undefined || row === undefined) lanes.settle(id, jid);
      else if (job.record.exp > nowSeconds(options.clock)) transmit(job.record, row, info);
      else expire(row, jid);
    }
  };
  const expire = (row: Row, jid: string): void => {
    lanes.settle(row.id, jid);
    // Of what the minion may have, it has the last word; for how long it is waited for is not decided here.
    if (!row.mayHaveIt) void tracker.advance(jid, row.id, 'expire', { reason: 'expired before it could be sent' });
  };

  for (const { record, rows } of tracker.all()) for (const id of rows.keys()) lanes.enqueue(id, record.jid);

  return {
    async dispatchJob(request, user) {
      const minions = await fleet.match(request.tgt, request.tgt_type);
      if (minions.length === 0) {
        throw new FleetError(
          'TARGET_EMPTY',
          'No minions matched the target. No command was sent, no jid was assigned.',
        );
      }
      const record = makeRecord(options, request, user, minions);
      const ended = refuseOffline(options, request, minions);
      const open = minions.filter((id) => !ended.has(id));
      checkTotal(limits, tracker.openCount(), open.length);
      for (const id of open) checkRoom(limits, id, lanes.waitingCount(id));
      await tracker.add(record, ended);
      bus.emit(`salt/job/${record.jid}/new`, newEvent(record, ended));
      for (const id of open) {
        lanes.enqueue(id, record.jid);
        flush(id);
      }
      return record;
    },
    flush,
    requeue(id) {
      for (const jid of lanes.requeue(id)) void tracker.advance(jid, id, 'requeue');
    },
    postpone(jid, id) {
      lanes.putBack(id, jid);
    },
    abandon(id, reason) {
      for (const { record, rows } of tracker.all()) {
        if (rows.has(id)) void tracker.advance(record.jid, id, 'cancel', { reason });
      }
    },
    settled(jid, id) {
      if (lanes.settle(id, jid)) flush(id);
    },
  };
}

/** Signs and sends one job to one minion. Signing is parallel, sending is in the order of the calls. */
function createTransmitter({ tracker, runSeconds, log, sign, send }: DispatcherOptions, lanes: Lanes) {
  const payloads = createPayloadCache(runSeconds);
  const tails = new Map<string, Promise<void>>();

  const deliver = async ({ jid }: JobRecord, id: string, bytes: Uint8Array, info: InfoPayload): Promise<void> => {
    if (tracker.row(jid, id)?.state !== 'sent') return;
    const topic = formatTopic(Job.topic, { id });
    const packet: Packet = { topic, payload: bytes, qos: Job.qos, retain: false };
    const bytesMax = info.max_packet ?? bytes.length;
    if (packetBytes(packet) > bytesMax) {
      const reason = `the job is ${packetBytes(packet)} bytes as a packet, the minion takes ${bytesMax} (max_packet)`;
      await tracker.advance(jid, id, 'reject', { reason });
    } else if (!send(id, packet, () => void tracker.advance(jid, id, 'puback'))) {
      lanes.putBack(id, jid);
      await tracker.advance(jid, id, 'requeue');
    }
  };

  return (record: JobRecord, { id }: Row, info: InfoPayload): void => {
    void tracker.advance(record.jid, id, 'send');
    const payload = payloads.of(record, info.enc);
    const signed = info.sig === 'none' ? Promise.resolve(payload) : sign(payload, info.enc, id);
    const tail = Promise.all([signed, tails.get(id)])
      .then(([bytes]) => deliver(record, id, bytes, info))
      .catch((error: unknown) => {
        log.error('a job could not be sent', { jid: record.jid, minion: id, error: String(error) });
      })
      .finally(() => {
        if (tails.get(id) === tail) tails.delete(id);
      });
    tails.set(id, tail);
  };
}

function makeRecord(
  options: DispatcherOptions,
  request: JobRequest,
  user: string,
  minions: readonly string[],
): JobRecord {
  const queueFor = request.queue_for ?? options.queueForSeconds;
  const waitSeconds = Math.max(request.timeout ?? options.timeoutSeconds, queueFor);
  return {
    jid: options.newJid(),
    fun: request.fun,
    arg: request.arg,
    kwarg: request.kwarg,
    tgt: request.tgt,
    tgt_type: request.tgt_type,
    user,
    minions,
    exp: Math.ceil(options.clock.nowMs() / 1000 + waitSeconds),
    ...(request.metadata !== undefined && { metadata: request.metadata }),
  };
}

/** Without a queue, a minion that is not there never gets the job: said at once, true for good (AC-2). */
function refuseOffline(
  options: DispatcherOptions,
  request: JobRequest,
  minions: readonly string[],
): Map<string, EndedRow> {
  const ended = new Map<string, EndedRow>();
  if ((request.queue_for ?? options.queueForSeconds) > 0) return ended;
  const since = nowSeconds(options.clock);
  for (const id of minions) {
    if (!options.fleet.isOnline(id)) ended.set(id, { state: 'expired', since, reason: options.fleet.whyOffline(id) });
  }
  return ended;
}

function checkRoom(limits: DispatchLimits, id: string, waiting: number): void {
  if (waiting < limits.queuedPerMinionMax) return;
  throw new FleetError('LIMIT_EXCEEDED', `${waiting} jobs wait for minion ${id} already`, {
    hint: 'job_queue_max_per_minion is reached: wait, cancel some, or raise it',
  });
}

function checkTotal(limits: DispatchLimits, openCount: number, more: number): void {
  if (openCount + more <= limits.openMax) return;
  throw new FleetError('LIMIT_EXCEEDED', `${openCount} parts of jobs are open already, and this job has ${more}`, {
    hint: 'job_queue_max_total is reached: wait, cancel some, or raise it',
  });
}

function newEvent(record: JobRecord, ended: ReadonlyMap<string, EndedRow>): Readonly<Record<string, unknown>> {
  const { jid, tgt, tgt_type, fun, arg, kwarg, user, minions } = record;
  const args = Object.keys(kwarg).length === 0 ? arg : [...arg, { __kwarg__: true, ...kwarg }];
  return { jid, tgt, tgt_type, fun, arg: args, user, minions, missing: [...ended.keys()] };
}

/** As MQTT 3.1.1 writes a publish of QoS 1: the header of at most 5 bytes, topic, message id, payload. */
function packetBytes({ topic, payload }: Packet): number {
  return 5 + 2 + Buffer.byteLength(topic) + 2 + payload.length;
}

/** A job's payload is encoded once, whoever many minions it goes to; only the signature differs. */
function createPayloadCache(runSeconds: number) {
  let last: { record: JobRecord; bytes: Partial<Record<Encoding, Uint8Array>> } | undefined;
  return {
    of(record: JobRecord, encoding: Encoding): Uint8Array {
      if (last?.record !== record) last = { record, bytes: {} };
      const bytes = last.bytes[encoding] ?? encodePayload(jobPayload(record, encoding, runSeconds), encoding);
      last.bytes[encoding] = bytes;
      return bytes;
    },
  };
}

/** A constrained minion gets no more than it needs: its buffer may be 256 bytes. */
function jobPayload(record: JobRecord, encoding: Encoding, runSeconds: number): JobPayload {
  const { jid, fun, arg, kwarg, tgt, tgt_type, user, exp, metadata } = record;
  return {
    jid,
    fun,
    ...(arg.length > 0 && { arg: [...arg] }),
    ...(Object.keys(kwarg).length > 0 && { kwarg }),
    exp,
    ...(encoding === 'cbor' && {
      tgt: typeof tgt === 'string' ? tgt : [...tgt],
      tgt_type,
      user,
      timeout_ms: runSeconds * 1000,
      ...(metadata !== undefined && { metadata }),
    }),
  };
}
