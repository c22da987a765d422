import { type Clock, nowSeconds } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
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

  const packetFor = async (
    { record, id }: Part,
    exp: number,
    bytes: Uint8Array,
    info: InfoPayload,
  ): Promise<Packet> => {
    const packet = { topic: formatTopic(Job.topic, { id }), payload: bytes, qos: Job.qos, retain: false } as const;
    if (packetBytes(packet) <= info.max_packet || !pullsBlocks(id)) return packet;
    return { ...packet, payload: await signer.stub(record, exp, id, info) };
  };
  const deliver = async (part: Part, bytes: Uint8Array, info: InfoPayload): Promise<void> => {
    const { record, id, hadIt } = part;
    const { jid } = record;
    const row = tracker.row(jid, id);
    if (row?.state !== 'sent' || row.ending !== undefined) return;
    const packet = await packetFor(part, row.exp, bytes, info);
    const bytesMax = info.max_packet;
    if (packetBytes(packet) > bytesMax) {
      const reason = `the job is ${packetBytes(packet)} bytes as a packet, the minion takes ${bytesMax} (max_packet)`;
      await tracker.advance(jid, id, 'reject', { reason });
    } else if (row.exp <= nowSeconds(clock) || !send(id, packet, () => void tracker.advance(jid, id, 'puback'))) {
      lanes.putBack(id, jid);
      await tracker.advance(jid, id, 'requeue', hadIt ? {} : { mayHaveIt: false });
    }
  };

  return (record: JobRecord, { id, exp, mayHaveIt }: Row, info: InfoPayload): void => {
    const part = { record, id, hadIt: mayHaveIt };
    void tracker.advance(record.jid, id, 'send');
    const tail = Promise.all([signer.signed(record, exp, id, info), tails.get(id)])
      .then(([bytes]) => deliver(part, bytes, info))
      .catch((error: unknown) => {
        log.error('a job could not be sent', { jid: record.jid, minion: id, error: String(error) });
      })
      .finally(() => {
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
