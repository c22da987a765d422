import { createHash } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { createJidSource } from '../../shared/ids.ts';

/**
 * Ids of the jobs that a minion gives itself. Many minions do so at the stroke of the same second, and the master tells
 * jobs apart by their ids: the last three digits, which the clock does not fill, are told by the minion's name.
 */
export function createOwnJids(id: string, clock: Clock, isKnown: (jid: string) => boolean): () => string {
  const next = createJidSource(clock);
  const offset = createHash('sha256').update(id).digest().readUInt32BE(0) % 1000;
  const shifted = (jid: string): string =>
    `${jid.slice(0, 17)}${String((Number(jid.slice(17)) + offset) % 1000).padStart(3, '0')}`;
  return () => {
    let jid = shifted(next());
    // The clock was put back while the minion was away.
    while (isKnown(jid)) jid = shifted(next());
    return jid;
  };
}
