import { type Encoding, encodePayload } from '../../shared/protocol/codec.ts';
import type { InfoPayload, JobPayload } from '../../shared/protocol/messages/job.ts';
import type { JobRecord } from './job_store.ts';
import type { Sign } from './send_control.ts';
import { stubOf } from './stage_job.ts';

export interface JobSignerOptions {
  /** Seconds a job may run when it does not say. */
  readonly runSeconds: number;
  readonly sign: Sign;
  /** The id of the key that signs at present: after another one took over, what was signed ahead is not sent. */
  readonly kid: () => string;
}

/** Makes of a job what one minion gets, in its encoding and signed for it alone. */
export interface JobSigner {
  signed(record: JobRecord, exp: number, id: string, info: InfoPayload): Promise<Uint8Array>;
  /** The same without the arguments, for a minion that pulls them. */
  stub(record: JobRecord, exp: number, id: string, info: InfoPayload): Promise<Uint8Array>;
  /** Begins while the job is being stored, for a minion that will be sent it at once. */
  signAhead(record: JobRecord, id: string, info: InfoPayload): void;
}

export function createJobSigner({ runSeconds, sign, kid }: JobSignerOptions): JobSigner {
  const payloads = createPayloadCache(runSeconds);
  /** A job that is never stored takes what was signed for it along. */
  const ahead = new WeakMap<JobRecord, Map<string, Ahead>>();
  const envelope = (payload: Uint8Array, id: string, { enc, sig }: InfoPayload): Promise<Uint8Array> =>
    sig === 'none' ? Promise.resolve(payload) : sign(payload, enc, id);
  const signNow = (record: JobRecord, exp: number, id: string, info: InfoPayload): Promise<Uint8Array> =>
    envelope(payloads.of(record, exp, info.enc), id, info);
  return {
    signed(record, exp, id, info) {
      const all = ahead.get(record);
      const made = all?.get(id);
      all?.delete(id);
      const isCurrent = made?.exp === exp && made.info === info && made.kid === kid();
      return isCurrent ? made.bytes : signNow(record, exp, id, info);
    },
    stub: (record, exp, id, info) => envelope(encodePayload(stubOf(record, exp), info.enc), id, info),
    signAhead(record, id, info) {
      const bytes = signNow(record, record.exp, id, info);
      // Whoever sends it hears of a failure; it may never be sent.
      bytes.catch(() => undefined);
      const all = ahead.get(record) ?? new Map<string, Ahead>();
      ahead.set(record, all.set(id, { exp: record.exp, info, kid: kid(), bytes }));
    },
  };
}

interface Ahead {
  readonly exp: number;
  /** What the minion said of itself then; after it said something else, all is made anew. */
  readonly info: InfoPayload;
  readonly kid: string;
  readonly bytes: Promise<Uint8Array>;
}

/** A job's payload is encoded once, whoever many minions it goes to; only the signature differs. */
function createPayloadCache(runSeconds: number) {
  let last: { record: JobRecord; exp: number; bytes: Partial<Record<Encoding, Uint8Array>> } | undefined;
  return {
    of(record: JobRecord, exp: number, encoding: Encoding): Uint8Array {
      if (last?.record !== record || last.exp !== exp) last = { record, exp, bytes: {} };
      const bytes = last.bytes[encoding] ?? encodePayload(jobPayload(record, exp, encoding, runSeconds), encoding);
      last.bytes[encoding] = bytes;
      return bytes;
    },
  };
}

/** A constrained minion gets no more than it needs: its buffer may be 256 bytes. */
function jobPayload(record: JobRecord, exp: number, encoding: Encoding, runSeconds: number): JobPayload {
  const { jid, fun, arg, kwarg, user, metadata } = record;
  const tgt = record.words ?? record.tgt;
  return {
    jid,
    fun,
    ...(arg.length > 0 && { arg: [...arg] }),
    ...(Object.keys(kwarg).length > 0 && { kwarg }),
    exp,
    ...(encoding === 'cbor' && {
      tgt: typeof tgt === 'string' ? tgt : [...tgt],
      tgt_type: record.words === undefined ? record.tgt_type : 'compound',
      user,
      timeout_ms: record.timeout_ms ?? runSeconds * 1000,
      ...(metadata !== undefined && { metadata }),
      ...(record.ret !== undefined && {
        ret: record.ret,
        ret_config: record.ret_config,
        ret_kwargs: record.ret_kwargs,
      }),
    }),
  };
}
