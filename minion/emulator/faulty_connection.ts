import type { Timer } from '../../shared/clock.ts';
import { Job } from '../../shared/protocol/messages/job.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import { createFaultySend, type FaultySendOptions, type Send } from './faulty_send.ts';
import { startFlood } from './flood.ts';

type Received = (topic: string, payload: Uint8Array, retain: boolean) => Promise<void>;

export interface FaultyConnectionOptions extends FaultySendOptions {
  /** Told at each connection that is made, and at its end. */
  readonly connected: () => void;
  readonly disconnected: () => void;
}

/** What an emulated minion hears and says on its connections, with the faults that it is to have. */
export function createFaultyConnection(
  options: FaultyConnectionOptions,
  minion: {
    readonly received: Received;
    /** The connection is there: `send` is the way out. */
    readonly attach: (send: Send) => void;
    readonly detach: () => void;
  },
) {
  const { id, character, counts, clock } = options;
  let flood: Timer | undefined;
  return {
    received: character === 'frozen' ? frozenAt(id, minion.received) : minion.received,
    connected(publish: Send): void {
      if (character === 'flood') flood = startFlood(id, publish, clock);
      minion.attach(createFaultySend(options, publish));
      counts.connects++;
      options.connected();
    },
    disconnected(): void {
      flood?.stop();
      minion.detach();
      options.disconnected();
    },
  };
}

/** Nothing is read any more once `received` does not come back: what the master sends stays where it is. */
function frozenAt(id: string, received: Received): Received {
  const jobTopic = formatTopic(Job.topic, { id });
  return (topic, payload, retain) =>
    topic === jobTopic ? new Promise(() => undefined) : received(topic, payload, retain);
}
