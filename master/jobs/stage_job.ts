import { createHash } from 'node:crypto';
import { toJsonLine } from '../../shared/protocol/codec.ts';
import type { JobPayload } from '../../shared/protocol/messages/job.ts';
import type { JobRecord } from './job_store.ts';

/** What a constrained minion pulls of a job that does not fit its packets: `{"arg":[…],"kwarg":{…}}`, in blocks. */
export interface StagedBody {
  /** Names it in topics: the first 8 hex digits of its SHA-256. */
  readonly file: string;
  readonly bytes: Buffer;
  readonly ref: NonNullable<JobPayload['ref']>;
}

const staged = new WeakMap<JobRecord, StagedBody>();

export function stagedBody(record: JobRecord): StagedBody {
  const known = staged.get(record);
  if (known !== undefined) return known;
  const { arg, kwarg } = record;
  const bytes = toJsonLine({
    ...(arg.length > 0 && { arg }),
    ...(Object.keys(kwarg).length > 0 && { kwarg }),
  });
  const digest = createHash('sha256').update(bytes).digest();
  const file = digest.toString('hex').slice(0, 8);
  const body: StagedBody = { file, bytes, ref: { f: file, z: bytes.length, h: digest.toString('base64url') } };
  staged.set(record, body);
  return body;
}

/** The job without its arguments, which says where they are: their hash is signed with it. */
export function stubOf(record: JobRecord, exp: number): JobPayload {
  return { jid: record.jid, fun: record.fun, exp, ref: stagedBody(record).ref };
}
