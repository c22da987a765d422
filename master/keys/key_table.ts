import type { Fingerprint } from '../../shared/ids.ts';
import { globMatcher } from '../../shared/target/glob.ts';

/** The minions' public keys in memory: each id has at most one key in each of Salt's states (SEC-2). */

/** In the order of `salt-key -L`. */
export const keyStates = ['accepted', 'denied', 'unaccepted', 'rejected'] as const;
export type KeyState = (typeof keyStates)[number];

export interface MinionKey {
  readonly id: string;
  readonly state: KeyState;
  readonly fingerprint: Fingerprint;
  readonly pem: string;
}

export interface KeyChange {
  readonly id: string;
  readonly fingerprint: Fingerprint;
  /** Undefined: the key was not there. */
  readonly from: KeyState | undefined;
  /** Undefined: the key is gone. */
  readonly to: KeyState | undefined;
  readonly by: KeyAuthor;
  /** What the minion told of itself is kept: it will come back. */
  readonly keepsCache?: true;
}

/** Who changed a key: `salt-key`, a minion's offer, or somebody in the directory. */
export type KeyAuthor = 'operator' | 'offer' | 'file';

/** Ids by state, sorted as `salt-key -L` prints them. */
export type KeyIds = Readonly<Record<KeyState, readonly string[]>>;

export interface KeyTable {
  /** Of one state, sorted. */
  ids(state: KeyState): readonly string[];
  find(globs: readonly string[], states?: readonly KeyState[]): KeyIds;
  get(id: string): readonly MinionKey[];
  at(id: string, state: KeyState): MinionKey | undefined;
  count(state: KeyState): number;
  standing(id: string, fingerprint: Fingerprint): KeyState | undefined;
  refuseMinion(id: string, fingerprint: Fingerprint): string | undefined;
  /** Replaces what has that id and state. */
  add(key: MinionKey, by: KeyAuthor): void;
  move(key: MinionKey, to: KeyState, by: KeyAuthor): void;
  remove(key: MinionKey, by: KeyAuthor, keepsCache?: boolean): void;
}

export function createKeyTable(tell: (change: KeyChange) => void): KeyTable {
  const byState: Readonly<Record<KeyState, Map<string, MinionKey>>> = {
    accepted: new Map(),
    denied: new Map(),
    unaccepted: new Map(),
    rejected: new Map(),
  };
  /** Asked for far more often than ids come and go. */
  const sorted = new Map<KeyState, readonly string[]>();
  const sortedIds = (state: KeyState): readonly string[] => {
    const known = sorted.get(state);
    if (known !== undefined) return known;
    const ids = [...byState[state].keys()].sort(byLetter);
    sorted.set(state, ids);
    return ids;
  };
  const at = (id: string, state: KeyState): MinionKey | undefined => byState[state].get(id);
  const arrive = (key: MinionKey, from: KeyState | undefined, by: KeyAuthor): void => {
    const { id, state, fingerprint } = key;
    const before = at(id, state);
    byState[state].set(id, key);
    if (before === undefined) sorted.delete(state);
    if (before?.fingerprint === fingerprint && from === undefined) return;
    if (before !== undefined && before.fingerprint !== fingerprint) {
      tell({ id, fingerprint: before.fingerprint, from: state, to: undefined, by });
    }
    tell({ id, fingerprint, from, to: state, by });
  };
  return {
    at,
    ids: sortedIds,
    find: (globs, states = keyStates) => findIds(sortedIds, globs, states),
    get: (id) => keyStates.map((state) => at(id, state)).filter((key) => key !== undefined),
    count: (state) => byState[state].size,
    standing: (id, fingerprint) => standing(at, id, fingerprint),
    refuseMinion(id, fingerprint) {
      const state = standing(at, id, fingerprint);
      return state === 'accepted' ? undefined : refusals[state ?? 'unknown'];
    },
    add: (key, by) => arrive(key, undefined, by),
    move(key, to, by) {
      byState[key.state].delete(key.id);
      sorted.delete(key.state);
      arrive({ ...key, state: to }, key.state, by);
    },
    remove({ id, state, fingerprint }, by, keepsCache = false) {
      if (!byState[state].delete(id)) return;
      sorted.delete(state);
      tell({ id, fingerprint, from: state, to: undefined, by, ...(keepsCache && { keepsCache }) });
    },
  };
}

const refusals = {
  denied: 'its key is not the one known for that id',
  unaccepted: 'its key is not accepted yet',
  rejected: 'its key is rejected',
  unknown: 'its key is not known',
} as const;

/** What an offer of that key meets. A rejected id is rejected whatever else is there, as in Salt. */
function standing(
  at: (id: string, state: KeyState) => MinionKey | undefined,
  id: string,
  fingerprint: Fingerprint,
): KeyState | undefined {
  const known = at(id, 'rejected') ?? at(id, 'accepted') ?? at(id, 'unaccepted');
  return known === undefined || known.fingerprint === fingerprint ? known?.state : 'denied';
}

function findIds(
  idsOf: (state: KeyState) => readonly string[],
  globs: readonly string[],
  states: readonly KeyState[],
): KeyIds {
  const matchers = globs.map(globMatcher);
  const found = (state: KeyState): readonly string[] =>
    states.includes(state) ? idsOf(state).filter((id) => matchers.some((matches) => matches(id))) : [];
  return {
    accepted: found('accepted'),
    denied: found('denied'),
    unaccepted: found('unaccepted'),
    rejected: found('rejected'),
  };
}

/** Ids are ASCII; Salt sorts them without regard to case. */
export function byLetter(left: string, right: string): number {
  const a = left.toLowerCase();
  const b = right.toLowerCase();
  return a < b ? -1 : a > b ? 1 : 0;
}
