import type { Logger } from '../../shared/log.ts';
import type { Events } from '../context.ts';
import type { Behaviour, Character } from './behaviour.ts';
import type { EmulatorCounts } from './counts.ts';

/** One of an emulated fleet, already accepted. */
export interface EmulatedMinion {
  /** Connects, again whenever the connection ends. Resolves when stopped; rejects with what waiting cannot mend. */
  run(): Promise<void>;
  /** Ends the connection; the next one is made after so many milliseconds. */
  drop(awayMs: number): void;
  fireMaster: Events['fireMaster'];
  stop(): Promise<void>;
}

/** What the fleet gives to each of its minions. */
export interface FleetMember {
  readonly id: string;
  /** Its place in the fleet, from 0. */
  readonly index: number;
  readonly character: Character;
  readonly behaviour: Behaviour;
  readonly counts: EmulatorCounts;
  readonly log: Logger;
  /** Told at each connection that is made, and at its end. */
  readonly connected: () => void;
  readonly disconnected: () => void;
}

/** What the minions of a fleet are: how they come to be accepted, and how one of them is made. */
export interface MinionKind {
  readonly ids: readonly string[];
  /** Resolves when the master takes all of them; those that it took before are left alone. */
  enrol(signal: AbortSignal): Promise<void>;
  create(member: FleetMember): Promise<EmulatedMinion>;
}
