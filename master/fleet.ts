import { type Clock, nowSeconds } from '../shared/clock.ts';
import type { TargetExpression, TargetType } from '../shared/protocol/fields.ts';
import type { InfoPayload } from '../shared/protocol/messages/job.ts';
import { matcherOf } from '../shared/target/target.ts';

/** The minions whose keys are accepted: who is there, since when, and what each said it can do. */
export interface Fleet {
  ids(): readonly string[];
  isOnline(id: string): boolean;
  onlineIds(): readonly string[];
  /** `offline since 2026-11-23 10:02:11 UTC`, or that it never connected since the master started. */
  whyOffline(id: string): string;
  /** The most modest device until the minion says otherwise. */
  info(id: string): InfoPayload;
  setInfo(id: string, info: InfoPayload): void;
  setOnline(id: string, since: number): void;
  setOffline(id: string, since: number): void;
  forget(id: string): void;
  /** Accepted minions that the target selects, sorted. Throws TARGET_INVALID. */
  match(tgt: TargetExpression, tgtType: TargetType): Promise<readonly string[]>;
}

const MODEST: InfoPayload = { v: 1, max_packet: 256, window: 1, enc: 'json', sig: 'ed25519' };

export function createFleet(options: { readonly acceptedIds: () => readonly string[]; readonly clock: Clock }): Fleet {
  const online = new Map<string, number>();
  const offline = new Map<string, number>();
  const infos = new Map<string, InfoPayload>();
  const startedAt = nowSeconds(options.clock);
  return {
    ids: options.acceptedIds,
    isOnline: (id) => online.has(id),
    onlineIds: () => [...online.keys()].sort(),
    whyOffline(id) {
      const since = offline.get(id);
      return since === undefined
        ? `not connected since the master started at ${timeText(startedAt)}`
        : `offline since ${timeText(since)}`;
    },
    info: (id) => infos.get(id) ?? MODEST,
    setInfo: (id, info) => void infos.set(id, info),
    setOnline(id, since) {
      offline.delete(id);
      online.set(id, since);
    },
    setOffline(id, since) {
      online.delete(id);
      offline.set(id, since);
    },
    forget(id) {
      online.delete(id);
      offline.delete(id);
      infos.delete(id);
    },
    async match(tgt, tgtType) {
      const matches = await matcherOf(tgt, tgtType);
      return options
        .acceptedIds()
        .filter((id) => matches({ id }))
        .sort();
    },
  };
}

/** `2026-11-23 10:02:11 UTC`: the same for every reader, whatever machine they sit at. */
export function timeText(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
