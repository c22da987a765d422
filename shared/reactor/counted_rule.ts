import type { Clock } from '../clock.ts';
import { createTokenBucket } from '../token_bucket.ts';
import type { ReactorRule } from './reactor_rules.ts';

/** A rule with what it counts. */
export interface CountedRule extends ReactorRule {
  /** Events of its tags since the start of the process. */
  matched: number;
  /** Of those, how many were beyond its rate limit. */
  limited: number;
  /** True when its rate limit has room for one more. */
  mayReact(): boolean;
}

export function countRule(rule: ReactorRule, clock: Clock): CountedRule {
  const { rateLimit } = rule;
  const mayReact =
    rateLimit === undefined
      ? () => true
      : createTokenBucket(clock, (rateLimit.count * 1000) / rateLimit.perMs, rateLimit.count);
  return { ...rule, matched: 0, limited: 0, mayReact };
}
