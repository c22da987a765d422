import { FleetError, fromReport } from '../shared/errors.ts';
import { decodePayload } from '../shared/protocol/codec.ts';
import type { Packet } from '../shared/protocol/message.ts';
import { JobResponse, Request, type requestVerbs } from '../shared/protocol/messages/job.ts';

/** Questions of this minion to its master, and the answers that come back by correlation id. */
export interface Requests {
  /** Rejects with what the master answered, or MASTER_UNREACHABLE when the connection ends first. */
  ask(verb: (typeof requestVerbs)[number], payload: Readonly<Record<string, unknown>>): Promise<unknown>;
  answer(topic: string, payload: Uint8Array): void;
  /** The connection ended: nobody will answer. */
  abandon(): void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export function createRequests(id: string, publish: (packet: Packet) => Promise<void>): Requests {
  const pending = new Map<string, Pending>();
  let count = 0;
  return {
    ask: (verb, payload) =>
      new Promise((resolve, reject) => {
        const c = (++count).toString(36);
        pending.set(c, { resolve, reject });
        publish(Request.encode({ id, verb }, { c, ...payload })).catch((error: unknown) => {
          pending.delete(c);
          reject(error);
        });
      }),
    answer(topic, payload) {
      const c = topic.slice(topic.lastIndexOf('/') + 1);
      const question = pending.get(c);
      if (question === undefined) return;
      const { value, error } = JobResponse.check(decodePayload(payload));
      pending.delete(c);
      if (error === undefined) question.resolve(value);
      else question.reject(fromReport(error));
    },
    abandon() {
      const error = new FleetError('MASTER_UNREACHABLE', 'the connection ended before the master answered');
      for (const { reject } of pending.values()) reject(error);
      pending.clear();
    },
  };
}
