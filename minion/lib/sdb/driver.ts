import type { MinionContext } from '../../context.ts';

export type Profile = Readonly<Record<string, unknown>>;

/** How the values of a profile are got at; a driver may have no way to change them. */
export interface SdbDriver {
  /** Undefined when there is no value of that key. */
  get(context: MinionContext, key: string, profile: Profile): unknown;
  set?(context: MinionContext, key: string, value: unknown): unknown;
  delete?(context: MinionContext, key: string): unknown;
}
