import type { KeyChange, KeyState } from './key_table.ts';

/** An event for the master's bus. */
export type Emit = (tag: string, data: Readonly<Record<string, unknown>>) => void;

const acts: Readonly<Partial<Record<KeyState, string>>> = { accepted: 'accept', rejected: 'reject' };

/** Fires `salt/key` for what an operator did; what a minion's offer did is told by `salt/auth`. */
export function emitKeyEvent({ id, to, by }: KeyChange, emit: Emit): void {
  const act = to === undefined ? 'delete' : acts[to];
  if (by === 'operator' && act !== undefined) emit('salt/key', { id, act, result: true });
}
