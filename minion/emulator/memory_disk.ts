import { FleetError } from '../../shared/errors.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import type { Ledger } from '../jobs/ledger.ts';
import type { OutboxFolder } from '../jobs/outbox_folder.ts';

/** What a real minion keeps on its disk, for minions that need not survive their process. */

/** Jobs that may be out of date before they are looked through. */
const JOBS_MAX = 4096;
/** A job may come again for so long after it expired; see the ledger on disk. */
const MARGIN_SECONDS = 3600;

/** The ledger of each of so many minions, by its number: a job costs all of them together a bit for each. */
export function createMemoryLedgers(minions: number, nowSeconds: () => number): (index: number) => Ledger {
  const jobs = new Map<string, { exp: number; readonly takenBy: Uint8Array }>();
  let lookAt = JOBS_MAX;
  const forgetExpired = (): void => {
    const now = nowSeconds();
    for (const [jid, { exp }] of jobs) if (exp + MARGIN_SECONDS < now) jobs.delete(jid);
    lookAt = jobs.size + JOBS_MAX;
  };
  const jobOf = (jid: string, exp: number) => {
    const job = jobs.get(jid) ?? { exp, takenBy: new Uint8Array(Math.ceil(minions / 8)) };
    job.exp = Math.max(job.exp, exp);
    jobs.set(jid, job);
    if (jobs.size > lookAt) forgetExpired();
    return job;
  };
  return (index) => {
    const byte = index >> 3;
    const bit = 1 << (index & 7);
    return {
      has: (jid) => ((jobs.get(jid)?.takenBy[byte] ?? 0) & bit) !== 0,
      async accept(jid, exp) {
        const { takenBy } = jobOf(jid, exp);
        takenBy[byte] = (takenBy[byte] ?? 0) | bit;
      },
      finish: () => undefined,
      interrupted: [],
      close: async () => undefined,
    };
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
