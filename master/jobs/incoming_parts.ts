import { createHash } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import { nextTurn } from '../../shared/pace.ts';
import { RETURN_PARTS_MAX, type ReturnParts } from '../../shared/protocol/messages/return.ts';
import type { Dispatcher } from './dispatch.ts';
import type { JobStore } from './job_store.ts';
import type { Tracker } from './tracker.ts';

/** Pieces without the return that makes them a value are dropped after this long. */
export const UNFINISHED_KEPT_MS = 3_600_000;
/** How often a minion is asked for all pieces again before its return counts as failed. */
const ASKED_AGAIN_MAX = 2;
/** Pieces that are read in one turn of the event loop. */
const READ_AT_A_TIME = 8;

/** Values of large returns on their way, in pieces that are stored as they come. */
export interface IncomingParts {
  /**
   * Resolves when it is stored, or not wanted: its job is over, or too much has come already. Of a job that the master does
   * not know it waits for the return, which says whether the minion's schedule gave it: one value of each minion.
   */
  add(jid: string, id: string, n: number, bytes: Uint8Array): Promise<void>;
  /** Undefined when the pieces are what the return says; else what is wrong. */
  check(jid: string, id: string, parts: ReturnParts, isScheduled: boolean): Promise<string | undefined>;
  /** Counts that the minion is asked for all of it once more; false when that was tried often enough. */
  mayAskAgain(jid: string, id: string): boolean;
  /** The return is taken: its pieces belong to it from now on when it was stored with them, else they are dropped. */
  finish(jid: string, id: string): Promise<void>;
  /** Drops what was never finished. */
  sweep(): Promise<void>;
}

interface Incoming {
  /** The master did not give that job to that minion. */
  readonly isForeign: boolean;
  readonly sizes: Map<number, number>;
  lastMs: number;
  asked: number;
  /** One thing at a time: what is being checked must not change. */
  turn: Promise<unknown>;
}

export function createIncomingParts(options: {
  readonly jobs: JobStore;
  readonly tracker: Pick<Tracker, 'row' | 'advance'>;
  readonly dispatcher: Pick<Dispatcher, 'settled'>;
  readonly clock: Clock;
  readonly log: Logger;
}): IncomingParts {
  const { jobs, tracker, dispatcher, clock, log } = options;
  const all = new Map<string, Incoming>();
  /** Of each minion, the job that is foreign. */
  const foreign = new Map<string, string>();
  const forget = (jid: string, id: string): void => {
    all.delete(`${jid}/${id}`);
    if (foreign.get(id) === jid) foreign.delete(id);
  };
  const inTurn = <T>(incoming: Incoming, work: () => Promise<T>): Promise<T> => {
    const done = incoming.turn.then(work);
    incoming.turn = done.catch(() => undefined);
    return done;
  };
  /** A minion sends one large return after the other: this one will not come any more. */
  const drop = (jid: string | undefined, id: string): void => {
    const incoming = all.get(`${jid}/${id}`);
    if (jid === undefined || incoming === undefined) return;
    forget(jid, id);
    inTurn(incoming, () => jobs.removeParts(jid, id)).catch((error: unknown) => {
      log.error('parts of a return that never came could not be removed', { jid, minion: id, error: String(error) });
    });
  };
  const begin = (jid: string, id: string): Incoming => {
    const isForeign = jobs.job(jid)?.minions.includes(id) !== true;
    const incoming = { isForeign, sizes: new Map(), lastMs: clock.monotonicMs(), asked: 0, turn: Promise.resolve() };
    all.set(`${jid}/${id}`, incoming);
    if (isForeign) {
      drop(foreign.get(id), id);
      foreign.set(id, jid);
    }
    return incoming;
  };
  // What came before a restart is measured before anything is added to it.
  for (const [jid, id] of jobs.partOwners()) {
    if (jobs.hasReturn(jid, id)) continue;
    const incoming = begin(jid, id);
    incoming.turn = measure(jobs, jid, id, incoming);
  }
  const find = (jid: string, id: string): Incoming | undefined =>
    all.get(`${jid}/${id}`) ?? (jobs.hasReturn(jid, id) ? undefined : begin(jid, id));
  return {
    async add(jid, id, n, bytes) {
      const incoming = find(jid, id);
      if (incoming === undefined) return log.debug('a part of a return that nobody waits for', { jid, minion: id, n });
      await inTurn(incoming, async () => {
        incoming.lastMs = clock.monotonicMs();
        const others = [...incoming.sizes].reduce((sum, [number, size]) => (number === n ? sum : sum + size), 0);
        // The return will then say more than there is, and fail.
        if (n >= RETURN_PARTS_MAX.count || others + bytes.length > RETURN_PARTS_MAX.bytes) return;
        await jobs.addPart(jid, id, n, bytes);
        incoming.sizes.set(n, bytes.length);
      });
      const row = tracker.row(jid, id);
      if (row === undefined) return;
      row.isReturning = true;
      // A sign of life: a slow line may take long.
      void tracker.advance(jid, id, 'progress');
      // What was over within milliseconds never said that it runs.
      dispatcher.settled(jid, id);
    },
    async check(jid, id, parts, isScheduled) {
      const incoming = find(jid, id);
      if (incoming === undefined) return undefined;
      if (!incoming.isForeign || isScheduled) return inTurn(incoming, () => findMistake(jobs, jid, id, parts));
      forget(jid, id);
      return 'its job is not known to the master';
    },
    mayAskAgain(jid, id) {
      const incoming = all.get(`${jid}/${id}`);
      return incoming !== undefined && incoming.asked++ < ASKED_AGAIN_MAX;
    },
    async finish(jid, id) {
      forget(jid, id);
      if (jobs.returnOf(jid, id)?.parts === undefined) await jobs.removeParts(jid, id);
    },
    async sweep() {
      for (const [key, { lastMs }] of [...all]) {
        if (clock.monotonicMs() - lastMs < UNFINISHED_KEPT_MS) continue;
        const [jid = '', id = ''] = key.split('/');
        log.warning('parts of a return that never came are dropped', { jid, minion: id });
        forget(jid, id);
        await jobs.removeParts(jid, id);
      }
    },
  };
}

async function measure(jobs: JobStore, jid: string, id: string, { sizes }: Incoming): Promise<void> {
  for (const [index, n] of jobs.partNumbers(jid, id).entries()) {
    sizes.set(n, jobs.part(jid, id, n)?.length ?? 0);
    if (index % READ_AT_A_TIME === 0) await nextTurn();
  }
}

async function findMistake(jobs: JobStore, jid: string, id: string, parts: ReturnParts): Promise<string | undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (let n = 0; n < parts.count; n++) {
    const piece = jobs.part(jid, id, n);
    if (piece === undefined) return `part ${n} of ${parts.count} is missing`;
    hash.update(piece);
    bytes += piece.length;
    if (n % READ_AT_A_TIME === 0) await nextTurn();
  }
  if (bytes !== parts.bytes) return `its parts have ${bytes} bytes instead of ${parts.bytes}`;
  return hash.digest('hex') === parts.sha256 ? undefined : 'its parts do not have the sha256 that it names';
}
