import * as v from 'valibot';
import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { errorLine, toReport } from '../../shared/errors.ts';
import type { RefusalPayload } from '../../shared/protocol/messages/event.ts';

const Seconds = v.pipe(v.number(), v.integer());

/** How a minion stands with its master, as it tells those who ask on its own machine. */
export const LinkStatus = v.object({
  /** `offered`: the key waits for an operator; `waiting`: for the next attempt to connect. */
  state: v.picklist(['starting', 'offered', 'connected', 'waiting']),
  /** When it came to be so, seconds UTC. */
  since: Seconds,
  /** Why the last connection was not made, or ended. */
  reason: v.optional(v.string()),
  /** The code of that error. */
  code: v.optional(v.string()),
  /** What the master refused of this minion since it started. */
  refused: v.object({
    count: v.number(),
    last: v.optional(v.object({ topic: v.string(), reason: v.string(), message: v.string(), time: Seconds })),
  }),
});
export type LinkStatus = v.InferOutput<typeof LinkStatus>;

export interface LinkRecord {
  status(): LinkStatus;
  /** Tells one listener of each change, but for what is refused. */
  watch(hear: (status: LinkStatus) => void): void;
  offered(): void;
  connected(): void;
  failed(error: unknown): void;
  refused(refusal: RefusalPayload): void;
}

/** Notes how the connection goes. A failure is told until the next connection, also while the next attempt is made. */
export function createLinkRecord(clock: Pick<Clock, 'nowMs'>): LinkRecord {
  const now = (): number => nowSeconds(clock);
  let link: Omit<LinkStatus, 'refused'> = { state: 'starting', since: now() };
  let refused: LinkStatus['refused'] = { count: 0 };
  const become = (state: LinkStatus['state'], why: Pick<LinkStatus, 'reason' | 'code'> = {}): void => {
    const isSame = link.state === state && link.reason === why.reason;
    link = { state, since: link.state === state ? link.since : now(), ...why };
    if (!isSame) told(status());
  };
  const status = (): LinkStatus => ({ ...link, refused });
  let told = (_status: LinkStatus): void => undefined;
  return {
    status,
    watch(hear) {
      told = hear;
    },
    offered: () => become('offered'),
    connected: () => become('connected'),
    failed: (error) => become('waiting', { reason: errorLine(error), code: toReport(error).code }),
    refused({ topic, reason, message }) {
      refused = { count: refused.count + 1, last: { topic, reason, message, time: now() } };
    },
  };
}
