import type { Clock } from '../../shared/clock.ts';
import { FleetError, fromReport } from '../../shared/errors.ts';
import { decodePayload, type Encoding } from '../../shared/protocol/codec.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { JobResponse, Request, type RequestVerb } from '../../shared/protocol/messages/job.ts';
import type { MasterRequests } from '../context.ts';

/** Questions of this minion to its master, and the answers that come back by correlation id. */
export interface Requests extends MasterRequests {
  answer(topic: string, payload: Uint8Array): void;
  /** The connection ended: nobody will answer. */
  abandon(): void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** How long an answer is waited for when nothing is said. */
const ANSWER_SECONDS = 60;

export function createRequests(
  id: string,
  publish: (packet: Packet) => Promise<void>,
  clock: Pick<Clock, 'after'>,
  encoding?: Encoding,
): Requests {
  const pending = new Map<string, Pending>();
  let count = 0;
  return {
    ask(verb: RequestVerb, payload, timeoutSeconds = ANSWER_SECONDS) {
      const c = (++count).toString(36);
      return new Promise((resolve, reject) => {
        const timer = clock.after(timeoutSeconds * 1000, () =>
          reject(new FleetError('TIMED_OUT', `the master did not answer request ${verb} within ${timeoutSeconds} s`)),
        );
        const settled =
          <T>(settle: (given: T) => void) =>
          (given: T): void => {
            timer.stop();
            settle(given);
          };
        pending.set(c, { resolve: settled(resolve), reject: settled(reject) });
        publish(Request.encode({ id, verb }, { ...payload, c }, encoding)).catch(settled(reject));
      }).finally(() => pending.delete(c));
    },
    answer(topic, payload) {
      const c = topic.slice(topic.lastIndexOf('/') + 1);
      const question = pending.get(c);
      if (question === undefined) return;
      const { value, error } = JobResponse.check(decodePayload(payload));
      if (error === undefined) question.resolve(value);
      else question.reject(fromReport(error));
    },
    abandon() {
      const error = new FleetError('MASTER_UNREACHABLE', 'the connection ended before the master answered');
      for (const { reject } of pending.values()) reject(error);
    },
  };
}
