import { Readable } from 'node:stream';
import type { RetainedPacket, RetainedStore } from './retained.ts';
import { ownCopy } from './transcode.ts';

interface Session {
  readonly id: string;
}
interface Numbered {
  readonly messageId: number;
}

/**
 * What Aedes asks of a store when every session is clean: retained messages, and the numbers of QoS 2 messages that
 * were not released yet. There are no offline queues, no stored subscriptions and no stored wills: the queue belongs to
 * the master's store. Of a PUBACK it hears nothing: see `takePubacks`.
 */
export function createVolatilePersistence<P extends RetainedPacket>(retained: RetainedStore<P>) {
  const unreleased = new Map<string, Set<number>>();
  const nothing = Promise.resolve(undefined);
  const noSubscriptions = Promise.resolve([]);
  const storesNothing = () => nothing;
  return {
    // Aedes insists on an async function here.
    async setup(): Promise<void> {},

    async storeRetained(packet: P): Promise<void> {
      // Aedes goes on using the object.
      retained.store({ ...packet, payload: ownCopy(packet.payload) });
    },
    createRetainedStreamCombi: (filters: readonly string[]) => Readable.from(retained.matching(filters)),

    subscriptionsByTopic: () => noSubscriptions,
    cleanSubscriptions: storesNothing,
    outgoingEnqueueCombi: storesNothing,
    // What can be iterated serves Aedes as well as a stream, and takes half of what an empty one takes at each CONNECT.
    outgoingStream: () => [],
    outgoingClearMessageId: storesNothing,

    async incomingStorePacket(client: Session, { messageId }: Numbered): Promise<void> {
      const numbers = unreleased.get(client.id) ?? new Set<number>();
      unreleased.set(client.id, numbers.add(messageId));
    },
    async incomingGetPacket(client: Session, packet: Numbered): Promise<Numbered> {
      if (unreleased.get(client.id)?.has(packet.messageId)) return packet;
      throw new Error('no such packet');
    },
    async incomingDelPacket(client: Session, { messageId }: Numbered): Promise<void> {
      if (!unreleased.get(client.id)?.delete(messageId)) throw new Error('no such packet');
    },
    async cleanIncoming(client: Session): Promise<void> {
      unreleased.delete(client.id);
    },

    putWill: storesNothing,
    delWill: storesNothing,
    streamWill: () => Readable.from([]),
  };
}
