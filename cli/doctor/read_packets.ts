import { openConnection } from '../../shared/client/connection.ts';
import { type Clock, sleep } from '../../shared/clock.ts';
import { MasterBeacon } from '../../shared/protocol/messages/event.ts';
import { Info } from '../../shared/protocol/messages/job.ts';
import { topicFilter } from '../../shared/protocol/topic.ts';

const ANSWER_MS = 3000;

/** The largest packet that each minion takes, as the master's broker has kept it. Throws MASTER_UNREACHABLE and NOT_PERMITTED. */
export async function readPackets(socket: string, clock: Clock): Promise<ReadonlyMap<string, number>> {
  const packets = new Map<string, number>();
  const heardAll = new AbortController();
  const connection = await openConnection({
    endpoint: { kind: 'unix', path: socket },
    clientId: `doctor-packets-${process.pid}`,
    keepaliveSeconds: 60,
    connectTimeoutMs: ANSWER_MS,
    received(topic, payload) {
      if (topic === MasterBeacon.topic) return heardAll.abort();
      const info = Info.decode(topic, payload);
      if (info !== undefined) packets.set(info.params.id, info.payload.max_packet);
    },
  });
  try {
    await connection.subscribe([topicFilter(Info.topic)]);
    // It is retained as well, and comes after what was asked for before it.
    await connection.subscribe([MasterBeacon.topic]);
    await sleep(clock, ANSWER_MS, heardAll.signal);
    return packets;
  } finally {
    await connection.close();
  }
}
