import { type Clock, nowSeconds } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import { createTurns, inTurn } from '../../shared/pace.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { type InfoPayload, Job } from '../../shared/protocol/messages/job.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import type { JobRecord } from './job_store.ts';
import type { Lanes } from './lanes.ts';
import type { JobSigner } from './sign_jobs.ts';
import type { Row, Tracker } from './tracker.ts';

export interface TransmitterOptions {
  /** Whether that minion pulls the arguments of jobs that do not fit its packets. */
  readonly pullsBlocks: (id: string) => boolean;
  readonly tracker: Tracker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly send: (id: string, packet: Packet, acknowledged?: () => void) => boolean;
}

/**
 * Signs and sends one job to one minion. Signing is parallel, sending is in the order of the calls. Here is the socket:
 * what expired on the way to it is not written.
 */
export function createTransmitter(options: TransmitterOptions, signer: JobSigner, lanes: Lanes) {
  const { tracker, clock, log, send, pullsBlocks } = options;
  const tails = new Map<string, Promise<void>>();
  // Signatures come as the pool has made them, hundreds at once: to send all of those in one turn would take too long.
  const takeTurn = createTurns();

  const packetFor = (
    { record, id }: Part,
    exp: number,
    bytes: Uint8Array,
    info: InfoPayload,
  ): Packet | Promise<Packet> => {
    const packet = { topic: formatTopic(Job.topic, { id }), payload: bytes, qos: Job.qos, retain: false } as const;
    if (packetBytes(packet) <= info.max_packet || !pullsBlocks(id)) return packet;
    return signer.stub(record, exp, id, info).then((payload) => ({ ...packet, payload }));
  };
  const deliver = (part: Part, { exp }: Row, packet: Packet, bytesMax: number): void => {
    const { record, id, hadIt } = part;
    const { jid } = record;
    if (packetBytes(packet) > bytesMax) {
      const reason = `the job is ${packetBytes(packet)} bytes as a packet, the minion takes ${bytesMax} (max_packet)`;
      void tracker.advance(jid, id, 'reject', { reason });
    } else if (exp <= nowSeconds(clock) || !send(id, packet, () => void tracker.advance(jid, id, 'puback'))) {
      lanes.putBack(id, jid);
      void tracker.advance(jid, id, 'requeue', hadIt ? {} : { mayHaveIt: false });
    }
  };
  const sendNow = (part: Part, bytes: Uint8Array, info: InfoPayload): Promise<void> | undefined => {
    const row = tracker.row(part.record.jid, part.id);
    if (row?.state !== 'sent' || row.ending !== undefined) return undefined;
    const packet = packetFor(part, row.exp, bytes, info);
    if (packet instanceof Promise) return packet.then((smaller) => deliver(part, row, smaller, info.max_packet));
    deliver(part, row, packet, info.max_packet);
    return undefined;
  };
  const transmit = async (part: Part, exp: number, info: InfoPayload): Promise<void> => {
    const { record, id } = part;
    const before = tails.get(id);
    try {
      const bytes = await signer.signed(record, exp, id, info);
      if (before !== undefined) await before;
      await inTurn(takeTurn, () => sendNow(part, bytes, info));
    } catch (error) {
      log.error('a job could not be sent', { jid: record.jid, minion: id, error: String(error) });
    }
  };

  return (record: JobRecord, { id, exp, mayHaveIt }: Row, info: InfoPayload): void => {
    void tracker.advance(record.jid, id, 'send');
    const tail = transmit({ record, id, hadIt: mayHaveIt }, exp, info).then(() => {
      if (tails.get(id) === tail) tails.delete(id);
    });
    tails.set(id, tail);
  };
}

interface Part {
  readonly record: JobRecord;
  readonly id: string;
  /** Before it was sent this time, the minion may have had it. */
  readonly hadIt: boolean;
}

/** As MQTT 3.1.1 writes a publish of QoS 1: the header of at most 5 bytes, topic, message id, payload. */
export function packetBytes({ topic, payload }: Packet): number {
  return 5 + 2 + Buffer.byteLength(topic) + 2 + payload.length;
}
