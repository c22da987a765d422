import type { Connection } from '../../shared/client/connection.ts';
import { type ErrorCode, FleetError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { Refusal, type RefusalPayload } from '../../shared/protocol/messages/event.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';

type Received = (topic: string, payload: Uint8Array, retain: boolean) => Promise<void>;

/** What the reasons of a refusal come to. */
const REFUSAL_CODES = {
  acl: 'NOT_PERMITTED',
  size: 'MESSAGE_INVALID',
  schema: 'MESSAGE_INVALID',
  rate: 'LIMIT_EXCEEDED',
} as const satisfies Record<string, ErrorCode>;

/** What was refused is acknowledged all the same: without this, its author would take it for delivered. */
export function notingRefusals({
  id,
  received,
  refused,
  connection,
  log,
}: {
  readonly id: string;
  /** Takes all else. */
  readonly received: Received;
  readonly refused: (refusal: RefusalPayload) => void;
  readonly connection: () => Connection | undefined;
  readonly log: Logger;
}): Received {
  const refusalTopic = formatTopic(Refusal.topic, { id });
  return async (topic, payload, retain) => {
    const refusal = topic === refusalTopic ? Refusal.decode(topic, payload)?.payload : undefined;
    if (refusal === undefined) return received(topic, payload, retain);
    const { mid, reason, message } = refusal;
    refused(refusal);
    log.warning('the master refused a message', { topic: refusal.topic, reason, message });
    if (mid !== undefined) connection()?.refuse(mid, new FleetError(REFUSAL_CODES[reason], `${reason}: ${message}`));
  };
}
