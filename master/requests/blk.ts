import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { JobBlock } from '../../shared/protocol/messages/job.ts';
import { stagedBody } from '../jobs/stage_job.ts';
import { packetBytes } from '../jobs/transmit.ts';
import { defineRequest, type RequestContext } from './request.ts';

/** Blocks for one question, 128 kB with the largest of blocks: what the device cannot take in time is lost. */
const BLOCKS_MAX = 64;
const Whole = v.pipe(v.number(), v.integer());

/**
 * Blocks of the arguments of a job that was sent as a stub, to a minion that the job is for and that did not end it.
 */
export const blk = defineRequest({
  payload: v.object({
    /** Of the `ref`. */
    f: v.string(),
    /** Bytes of a block. */
    l: v.pipe(Whole, v.minValue(1), v.maxValue(2048)),
    /** First block. */
    o: v.optional(v.pipe(Whole, v.minValue(0)), 0),
    n: v.optional(v.pipe(Whole, v.minValue(1), v.maxValue(BLOCKS_MAX)), 1),
    /** Which of them, in hex digits, the first block being the highest bit; left out: all. */
    b: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-fA-F]{1,16}$/, 'must be hex digits'))),
  }),
  answer(context, id, { f, l, o, n, b }) {
    const bytes = bodyOf(context, id, f);
    const total = Math.ceil(bytes.length / l);
    let sent = 0;
    for (let block = o; block < Math.min(o + n, total); block++) {
      if (b !== undefined && !isWanted(b, block - o)) continue;
      const params = { id, file: f, n: String(block) };
      const packet = JobBlock.encode(params, new Uint8Array(bytes.subarray(block * l, (block + 1) * l)));
      const limit = context.fleet.info(id).max_packet;
      if (packetBytes(packet) > limit) {
        throw new FleetError('LIMIT_EXCEEDED', `blocks of ${l} bytes do not fit packets of ${limit} (max_packet)`, {
          hint: 'ask for smaller ones',
        });
      }
      context.send(id, packet);
      sent++;
    }
    return { sent, of: total };
  },
});

function bodyOf({ tracker }: RequestContext, id: string, file: string): Buffer {
  for (const { record, rows } of tracker.all()) {
    if (!rows.has(id)) continue;
    const body = stagedBody(record);
    if (body.file === file) return body.bytes;
  }
  throw new FleetError('ARGS_INVALID', `no job that is open for ${id} has arguments ${file}`);
}

function isWanted(bitmap: string, place: number): boolean {
  const digit = bitmap[place >> 2];
  return digit !== undefined && (Number.parseInt(digit, 16) & (8 >> (place & 3))) !== 0;
}
