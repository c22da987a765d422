/** How emulated minions and their connections differ from good ones. Shares are from 0 to 1. */
export interface Behaviour {
  /** How much later arrives what a minion sends about jobs and events, milliseconds: drawn anew for each message. */
  readonly latencyMs: { readonly from: number; readonly to: number };
  /** Of all returns: they are never sent, and the minion takes them for delivered. */
  readonly loss: number;
  /** Of the minions: those of which each function takes `slowMs` longer. */
  readonly slow: number;
  readonly slowMs: number;
  /** Of the minions: those whose returns arrive `lateMs` later, when the master may have given them up. */
  readonly late: number;
  readonly lateMs: number;
  /** Of the minions: those that take jobs and say nothing. */
  readonly silent: number;
  /** Of the minions: those that send each return twice. */
  readonly duplicates: number;
  /** Of the minions: those that send random bytes for each return. */
  readonly garbage: number;
  /** Of the minions: those that send each return in the name of another. */
  readonly impostors: number;
  /** Of the minions: those that send events as fast as they can, whatever the master says. */
  readonly flood: number;
  /** Of the minions: those that read nothing more once a job has come, until the connection ends. */
  readonly frozen: number;
}

export const goodBehaviour: Behaviour = {
  latencyMs: { from: 0, to: 0 },
  loss: 0,
  slow: 0,
  slowMs: 5000,
  late: 0,
  lateMs: 60_000,
  silent: 0,
  duplicates: 0,
  garbage: 0,
  impostors: 0,
  flood: 0,
  frozen: 0,
};

export const misbehaviours = [
  'slow',
  'late',
  'silent',
  'duplicates',
  'garbage',
  'impostors',
  'flood',
  'frozen',
] as const;
export type Character = (typeof misbehaviours)[number] | 'good';

/** What each of `count` minions is: the first are slow, those after them late and so on, all others good. */
export function charactersOf(count: number, behaviour: Behaviour): readonly Character[] {
  const odd = misbehaviours.flatMap((name): Character[] =>
    Array.from({ length: Math.round(behaviour[name] * count) }, () => name),
  );
  return Array.from({ length: count }, (_, index) => odd[index] ?? 'good');
}
