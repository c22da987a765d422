import type { Packet } from '../../shared/protocol/message.ts';
import { indexFacets, JobIndex } from '../../shared/protocol/messages/return.ts';
import type { JobRecord } from './job_store.ts';
import type { JobUpdate } from './tracker.ts';

/** Publishes what is worth looking at under `salt/idx/<facet>/<jid>/<id>`; all else is not told here. */
export function createEndedIndex(publish: (packet: Packet) => void, slowMs: number) {
  return ({ jid, fun }: JobRecord, { id, state, reason, result }: JobUpdate): void => {
    const applies = { fail: state !== 'succeeded', slow: (result?.ms ?? 0) >= slowMs };
    for (const facet of indexFacets) {
      if (!applies[facet]) continue;
      const about = result && { retcode: result.retcode, return: result.return, ms: result.ms };
      publish(JobIndex.encode({ facet, jid, id }, { id, jid, fun, state, reason, ...about }, 'json'));
    }
  };
}
