/** What waits for one minion and what it was sent and has not started, by jid. */
interface Lane {
  waiting: Set<string>;
  /** Of all that ever waited. */
  newest: string;
  readonly inflight: Set<string>;
}

/**
 * The queues of all minions: oldest first, no more in flight than the window. It knows jids and nothing else; what a job
 * is and whether it may still run is asked elsewhere.
 */
export interface Lanes {
  enqueue(id: string, jid: string): void;
  /** Moves what the window has room for from waiting to in flight, oldest first. */
  take(id: string, window: number): readonly string[];
  /** The minion handed that job back: it waits again, in its old place. */
  putBack(id: string, jid: string): void;
  /** That job needs the window no more: it runs or is over. True when there is room now that was not there before. */
  settle(id: string, jid: string): boolean;
  /** The connection is gone: all in flight waits again, in jid order. */
  requeue(id: string): readonly string[];
  waitingCount(id: string): number;
  /** Minions for whom something waits. */
  waitingIds(): readonly string[];
  inflightCount(id: string): number;
}

export function createLanes(): Lanes {
  const lanes = new Map<string, Lane>();
  return {
    enqueue(id, jid) {
      const lane = lanes.get(id);
      if (lane === undefined) {
        lanes.set(id, { waiting: new Set([jid]), newest: jid, inflight: new Set() });
        return;
      }
      // A job of many minions takes longer to be stored than one of few that was asked for after it.
      if (jid < lane.newest) lane.waiting = inOrder([...lane.waiting, jid]);
      else lane.waiting.add(jid);
      if (jid > lane.newest) lane.newest = jid;
    },
    take(id, window) {
      const lane = lanes.get(id);
      const taken: string[] = [];
      for (const jid of lane?.waiting ?? []) {
        if (lane === undefined || lane.inflight.size >= window) break;
        lane.waiting.delete(jid);
        lane.inflight.add(jid);
        taken.push(jid);
      }
      return taken;
    },
    putBack(id, jid) {
      const lane = lanes.get(id);
      lanes.set(id, {
        waiting: inOrder([jid, ...(lane?.waiting ?? [])]),
        newest: lane?.newest ?? jid,
        inflight: new Set([...(lane?.inflight ?? [])].filter((other) => other !== jid)),
      });
    },
    settle(id, jid) {
      const lane = lanes.get(id);
      if (lane === undefined) return false;
      lane.waiting.delete(jid);
      const freed = lane.inflight.delete(jid);
      if (lane.waiting.size === 0 && lane.inflight.size === 0) lanes.delete(id);
      return freed;
    },
    requeue(id) {
      const lane = lanes.get(id);
      if (lane === undefined) return [];
      const again = [...lane.inflight].sort();
      lanes.set(id, { ...lane, waiting: inOrder([...again, ...lane.waiting]), inflight: new Set() });
      return again;
    },
    waitingIds: () => [...lanes].filter(([, { waiting }]) => waiting.size > 0).map(([id]) => id),
    waitingCount: (id) => lanes.get(id)?.waiting.size ?? 0,
    inflightCount: (id) => lanes.get(id)?.inflight.size ?? 0,
  };
}

/** Jids are times: in their order the oldest is first. */
function inOrder(jids: readonly string[]): Set<string> {
  return new Set([...jids].sort());
}
