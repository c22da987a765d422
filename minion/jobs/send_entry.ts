import { decodePayload } from '../../shared/protocol/codec.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { ReturnLong, ReturnPart, type ReturnParts } from '../../shared/protocol/messages/return.ts';
import type { OutboxFolder } from './outbox_folder.ts';
import type { Entry, Publish } from './outbox_lane.ts';

/** Parts under way at a time: with the size of a part, what a large return takes in memory. */
const WINDOW = 8;

/** Publishes an entry: the parts of its value that the master has not acknowledged, then itself. */
export function sendEntry(folder: OutboxFolder, entry: Entry, packet: Packet, publish: Publish): Promise<void> {
  return entry.contentBytes > 0 ? sendInParts(folder, entry, packet, publish) : publish(packet);
}

async function sendInParts(folder: OutboxFolder, entry: Entry, packet: Packet, publish: Publish): Promise<void> {
  const { parts } = ReturnLong.check(decodePayload(packet.payload));
  if (parts !== undefined) await sendParts(folder, entry, parts, publish);
  await publish(packet);
}

async function sendParts(folder: OutboxFolder, entry: Entry, parts: ReturnParts, publish: Publish): Promise<void> {
  const { jid = '', id = '' } = ReturnLong.params(entry.topic) ?? {};
  const partBytes = Math.ceil(parts.bytes / parts.count);
  let next = 0;
  let isOver = false;
  const work = async (): Promise<void> => {
    while (next < parts.count && !isOver) {
      const n = next++;
      if (entry.partsSent?.has(n)) continue;
      const piece = await folder.readContent(entry.sequence, n * partBytes, Math.min((n + 1) * partBytes, parts.bytes));
      await publish(ReturnPart.encode({ jid, id, n: String(n) }, piece));
      entry.partsSent?.add(n);
    }
  };
  const workers = Array.from({ length: WINDOW }, () => work());
  try {
    await Promise.all(workers);
  } catch (error) {
    isOver = true;
    await Promise.allSettled(workers);
    throw error;
  }
}
