import * as v from 'valibot';
import { FleetError, toReport } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { PAYLOAD_LIMITS } from '../../shared/protocol/cbor_scan.ts';
import { JobResponse } from '../../shared/protocol/messages/job.ts';
import { packetBytes } from '../jobs/transmit.ts';
import { blk } from './blk.ts';
import { grains } from './grains.ts';
import { hello } from './hello.ts';
import { mine } from './mine.ts';
import { next } from './next.ts';
import { publish } from './publish.ts';
import { renew } from './renew.ts';
import type { AnyRequest, RequestContext } from './request.ts';
import { revoke } from './revoke.ts';
import { time } from './time.ts';

/** By the verb that ends the topic; the verbs are those of the message table. */
const REQUESTS: Readonly<Record<string, AnyRequest>> = { hello, renew, revoke, grains, mine, publish, next, blk, time };

export interface RequestServiceOptions {
  readonly context: RequestContext;
  /** Questions of one minion that may be open at a time. */
  readonly openMax: number;
  readonly log: Logger;
}

/** Answers minions' questions, each on its own job topic. */
export function createRequestService({ context, openMax, log }: RequestServiceOptions) {
  const open = new Map<string, number>();

  const ask = async (id: string, verb: string, payload: unknown): Promise<unknown> => {
    const request = Object.hasOwn(REQUESTS, verb) ? REQUESTS[verb] : undefined;
    if (request === undefined) {
      throw new FleetError('FUNCTION_UNKNOWN', `the master does not answer requests of kind ${verb}`);
    }
    if ((open.get(id) ?? 0) >= openMax) {
      throw new FleetError('LIMIT_EXCEEDED', `${openMax} requests of ${id} are open already (max_open_requests)`);
    }
    const checked = v.safeParse(request.payload, payload);
    if (!checked.success) throw new FleetError('MESSAGE_INVALID', `request ${verb}: ${checked.issues[0].message}`);
    open.set(id, (open.get(id) ?? 0) + 1);
    try {
      return await request.answer(context, id, checked.output);
    } finally {
      const left = (open.get(id) ?? 1) - 1;
      if (left === 0) open.delete(id);
      else open.set(id, left);
    }
  };

  const respond = (id: string, c: string, answer: Parameters<typeof JobResponse.encode>[1]): void => {
    const encoding = context.fleet.info(id).enc;
    const packet = JobResponse.encode({ id, c }, answer, encoding);
    const limit = context.fleet.info(id).max_packet;
    if (packet.payload.length <= PAYLOAD_LIMITS.bytes && packetBytes(packet) <= limit) {
      context.send(id, packet);
      return;
    }
    const message = `the answer is ${packetBytes(packet)} bytes as a packet, ${id} takes ${limit} (max_packet)`;
    const error = toReport(new FleetError('LIMIT_EXCEEDED', message, { hint: 'ask for less at a time' }));
    context.send(id, JobResponse.encode({ id, c }, { error }, encoding));
  };

  return (id: string, verb: string, payload: { readonly c: string }): void => {
    const { c } = payload;
    ask(id, verb, payload).then(
      (value) => respond(id, c, { value: value ?? null }),
      (error: unknown) => {
        if (!(error instanceof FleetError)) {
          log.error('a request failed with what looks like a bug', { minion: id, verb, error: String(error) });
        }
        respond(id, c, { error: toReport(error) });
      },
    );
  };
}
