import type { JobRequest } from '../protocol/messages/operator.ts';

/** In whose name reactions are done; what it fires is not reacted to (RCT-6). */
export const REACTOR_USER = 'Reactor';

/** What a reaction calls: functions of minions, of the master, or of the minion whose own reactor it is (RCT-3). */
export const reactionKinds = ['local', 'runner', 'wheel', 'caller'] as const;
export type ReactionKind = (typeof reactionKinds)[number];

/** A function of this process with its arguments. */
export interface FunctionCall {
  readonly fun: string;
  readonly arg: readonly unknown[];
  readonly kwarg: Readonly<Record<string, unknown>>;
}

/** One call that a reactor file asks for, checked. */
export type Reaction = {
  /** Unique in its file. */
  readonly id: string;
  readonly file: string;
  /** As it was written: a number, `first` or `last`. */
  readonly order: unknown;
} & (
  | { readonly kind: 'local'; readonly request: JobRequest }
  | { readonly kind: 'runner' | 'wheel' | 'caller'; readonly request: FunctionCall }
);

/** Something in a reactor file that cannot be done, and why. */
export interface ReactionProblem {
  readonly file: string;
  /** Left out: the whole file. */
  readonly id?: string;
  readonly message: string;
}

/** `local.state.apply`: as it stands in the file. */
export function callName({ kind, request }: Reaction): string {
  return `${kind}.${request.fun}`;
}
