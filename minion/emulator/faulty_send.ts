import { randomBytes } from 'node:crypto';
import { type Clock, sleep } from '../../shared/clock.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { Fire } from '../../shared/protocol/messages/event.ts';
import { Ack, Return, ReturnLong } from '../../shared/protocol/messages/return.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import type { Behaviour, Character } from './behaviour.ts';
import type { EmulatorCounts } from './counts.ts';

const GARBAGE_BYTES = 32;

export type Send = (packet: Packet) => Promise<void>;

export interface FaultySendOptions {
  readonly id: string;
  readonly character: Character;
  readonly behaviour: Pick<Behaviour, 'latencyMs' | 'loss' | 'lateMs'>;
  readonly counts: EmulatorCounts;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
}

/** The way out of a minion, with the faults that it is to have. What is withheld counts as sent. */
export function createFaultySend(options: FaultySendOptions, send: Send): Send {
  const { id, character, behaviour, counts, clock, random } = options;
  const { from, to } = behaviour.latencyMs;
  const sendReturn: Send = async (packet) => {
    if (character === 'silent' || random() < behaviour.loss) {
      counts.withheld++;
      return;
    }
    if (character === 'late') await sleep(clock, behaviour.lateMs);
    if (character === 'impostors') {
      counts.forged++;
      return send(asAnother(packet, id));
    }
    const body = character === 'garbage' ? { ...packet, payload: randomBytes(GARBAGE_BYTES) } : packet;
    // The outbox answers for the first alone: a copy that is lost is no loss.
    if (character === 'duplicates') send(body).catch(() => undefined);
    await send(body);
    counts.returns++;
  };
  return async (packet) => {
    if (to > 0) await sleep(clock, from + random() * (to - from));
    if (jidOf(packet) !== undefined) return sendReturn(packet);
    if (isMute(character) && Ack.params(packet.topic) !== undefined) return;
    await send(packet);
    if (Fire.params(packet.topic) !== undefined) counts.events++;
  };
}

/** Those that the master is to give up. */
function isMute(character: Character): boolean {
  return character === 'silent' || character === 'late';
}

/** Of a return in either form; of nothing else. */
function jidOf({ topic }: Packet): string | undefined {
  return (ReturnLong.params(topic) ?? Return.params(topic))?.jid;
}

function asAnother(packet: Packet, id: string): Packet {
  const jid = jidOf(packet) ?? '';
  return { ...packet, topic: formatTopic(ReturnLong.topic, { jid, id: `${id}x` }) };
}
