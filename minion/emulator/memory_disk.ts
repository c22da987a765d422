import { FleetError } from '../../shared/errors.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import type { Ledger } from '../jobs/ledger.ts';
import type { OutboxFolder } from '../jobs/outbox_folder.ts';

/** What a real minion keeps on its disk, for minions that need not survive their process. */

/** Job ids that may be out of date before they are looked through. */
const IDS_MAX = 4096;
/** A job may come again for so long after it expired; see the ledger on disk. */
const MARGIN_SECONDS = 3600;

export function createMemoryLedger(nowSeconds: () => number): Ledger {
  const expiries = new Map<string, number>();
  let lookAt = IDS_MAX;
  const forgetExpired = (): void => {
    const now = nowSeconds();
    for (const [jid, exp] of expiries) if (exp + MARGIN_SECONDS < now) expiries.delete(jid);
    lookAt = expiries.size + IDS_MAX;
  };
  return {
    has: (jid) => expiries.has(jid),
    async accept(jid, exp) {
      expiries.set(jid, exp);
      if (expiries.size > lookAt) forgetExpired();
    },
    finish: () => undefined,
    interrupted: [],
    close: async () => undefined,
  };
}

export function createMemoryOutboxFolder(): OutboxFolder {
  const entries = new Map<number, { readonly packet: Packet; readonly content: Uint8Array | undefined }>();
  const entryOf = (sequence: number) => {
    const entry = entries.get(sequence);
    if (entry === undefined) throw new FleetError('FILE_UNREADABLE', `the outbox has no entry ${sequence}`);
    return entry;
  };
  return {
    found: [],
    async write(_kind, sequence, packet, content) {
      entries.set(sequence, { packet, content });
    },
    read: async (sequence) => entryOf(sequence).packet,
    readContent: async (sequence, start, end) => Buffer.from(entryOf(sequence).content?.slice(start, end) ?? []),
    remove: (sequence) => void entries.delete(sequence),
    close: async () => undefined,
  };
}
