import type { AnyMessage } from '../shared/protocol/message.ts';
import { filterMatches } from '../shared/protocol/topic.ts';

/** What a retained message needs to have; Aedes keeps more. */
export interface RetainedPacket {
  readonly topic: string;
  readonly payload: Uint8Array;
}

export interface RetainedStore<P extends RetainedPacket> {
  /** An empty payload takes the topic's message back. Throws TypeError for a topic whose message is not state. */
  store(packet: P): void;
  /** In no particular order; lazily, so that a scan of many is spread over the writes. */
  matching(filters: readonly string[]): Iterable<P>;
}

/**
 * Retained messages, one shelf for each message of the table that may be retained. A filter without wildcards is one
 * look-up, a filter that cannot match a shelf's topics does not touch it: a minion's subscription to its jobs costs
 * nothing, however large the fleet's retained state is.
 */
export function createRetainedStore<P extends RetainedPacket>(table: readonly AnyMessage[]): RetainedStore<P> {
  const shelves = table
    .filter((message) => message.retain)
    .map((message) => ({ prefix: untilFirst('{', message.topic), packets: new Map<string, P>() }));

  function* matchingOne(filter: string): Iterable<P> {
    const prefix = untilFirst('#', untilFirst('+', filter));
    const isExact = prefix === filter;
    for (const shelf of shelves) {
      if (isExact) {
        const packet = shelf.packets.get(filter);
        if (packet !== undefined) yield packet;
      } else if (shelf.prefix.startsWith(prefix) || prefix.startsWith(shelf.prefix)) {
        for (const packet of shelf.packets.values()) {
          if (filterMatches(filter, packet.topic)) yield packet;
        }
      }
    }
  }

  return {
    store(packet) {
      const shelf = shelves.find(({ prefix }) => packet.topic.startsWith(prefix));
      if (shelf === undefined) throw new TypeError(`${packet.topic} is not the topic of a retained message`);
      if (packet.payload.length === 0) shelf.packets.delete(packet.topic);
      else shelf.packets.set(packet.topic, packet);
    },
    *matching(filters) {
      for (const filter of filters) yield* matchingOne(filter);
    },
  };
}

function untilFirst(mark: string, text: string): string {
  const end = text.indexOf(mark);
  return end === -1 ? text : text.slice(0, end);
}
