import type { Clock } from '../../shared/clock.ts';
import { errorLine } from '../../shared/errors.ts';
import { mayFire } from '../../shared/event_tags.ts';
import type { Logger } from '../../shared/log.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import { createTokenBucket } from '../../shared/token_bucket.ts';
import type { MinionConfig } from '../config.ts';
import type { Events } from '../context.ts';

/** Bursts that pass, in seconds of the rate. */
const BURST_SECONDS = 5;
/** Between two lines about events that were too many. */
const COMPLAIN_MS = 10_000;

export interface ForwarderOptions {
  readonly config: Pick<MinionConfig, 'id' | 'forward_local_events' | 'forward_local_events_rate'>;
  readonly fireMaster: Events['fireMaster'];
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Hears every event of the minion's own bus and sends those that a rule names to the master, as `event.fire_master`
 * would. What a minion may not fire stays here, whatever the rule says; what comes too fast is counted and told.
 */
export function createForwarder(
  options: ForwarderOptions,
): (tag: string, data: Readonly<Record<string, unknown>>) => void {
  const { config, fireMaster, clock, log } = options;
  const { id, forward_local_events_rate: perSecond } = config;
  const matchers = config.forward_local_events.map(globMatcher);
  const mayForward = createTokenBucket(clock, perSecond, perSecond * BURST_SECONDS);
  let limited = 0;
  let toldMs: number | undefined;
  return (tag, data) => {
    if (!mayFire(id, tag) || !matchers.some((matches) => matches(tag))) return;
    if (mayForward()) {
      fireMaster(tag, data).catch((error: unknown) => {
        log.warning('an event for the master could not be kept', { tag, error: errorLine(error) });
      });
      return;
    }
    limited++;
    const nowMs = clock.monotonicMs();
    if (toldMs !== undefined && nowMs - toldMs < COMPLAIN_MS) return;
    toldMs = nowMs;
    log.warning('local events come faster than forward_local_events_rate: they stay on this machine', { tag, limited });
  };
}
