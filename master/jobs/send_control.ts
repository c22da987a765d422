import { type Clock, nowSeconds } from '../../shared/clock.ts';
import type { SignedKind } from '../../shared/crypto/job_signature.ts';
import type { Logger } from '../../shared/log.ts';
import { type Encoding, encodePayload } from '../../shared/protocol/codec.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { type InfoPayload, JobControl, type JobControlPayload } from '../../shared/protocol/messages/job.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';

/** Signs a payload for one minion. */
export type Sign = (payload: Uint8Array, encoding: Encoding, id: string, kind?: SignedKind) => Promise<Uint8Array>;

/** Tells a minion something about a job. Resolves to false when it is not there, or cannot be told. */
export type SendControl = (id: string, jid: string, op: JobControlPayload['op']) => Promise<boolean>;

export interface ControlOptions {
  readonly sign: Sign;
  readonly infoOf: (id: string) => InfoPayload;
  readonly send: (id: string, packet: Packet) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** For so long it counts: nobody waits for an answer any more, and the master says it again when the minion comes back. */
const COUNTS_SECONDS = 60;

export function createControl({ sign, infoOf, send, clock, log }: ControlOptions): SendControl {
  return async (id, jid, op) => {
    try {
      const payload = { op, jid, exp: nowSeconds(clock) + COUNTS_SECONDS };
      return send(id, await sealControl(payload, id, infoOf(id), sign));
    } catch (error) {
      log.error('a minion could not be told of its job', { jid, minion: id, op, error: String(error) });
      return false;
    }
  };
}

/** In the encoding and the envelope of that minion. */
export async function sealControl(
  payload: JobControlPayload,
  id: string,
  { enc, sig }: InfoPayload,
  sign: Sign,
): Promise<Packet> {
  const body = encodePayload(payload, enc);
  return {
    topic: formatTopic(JobControl.topic, { id }),
    payload: sig === 'none' ? body : await sign(body, enc, id, 'ctl'),
    qos: JobControl.qos,
    retain: false,
  };
}
