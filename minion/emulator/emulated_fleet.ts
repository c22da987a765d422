import { setMaxListeners } from 'node:events';
import type { Clock, Timer } from '../../shared/clock.ts';
import { errorLine } from '../../shared/errors.ts';
import { limitParallel } from '../../shared/limit_parallel.ts';
import type { Logger } from '../../shared/log.ts';
import { type Behaviour, charactersOf } from './behaviour.ts';
import { type EmulatorCounts, noCounts } from './counts.ts';
import type { EmulatedMinion, MinionKind } from './emulated_minion.ts';
import { fireEvents } from './fire_events.ts';

/** First connections under way at a time: more would only make each handshake slower. */
const CONNECTS_AT_A_TIME = 64;

export interface EmulatedFleetOptions {
  readonly kind: MinionKind;
  readonly behaviour: Behaviour;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Many minions in this process, each with its own key, connection, ledger and outbox.
 */
export interface EmulatedFleet {
  readonly ids: readonly string[];
  readonly counts: Readonly<EmulatorCounts>;
  /** Resolves when the master takes all of them; those that it took before are left alone. */
  enrol(): Promise<void>;
  /** Resolves when each was connected once; rejects with what waiting cannot mend. */
  connect(): Promise<void>;
  /** How many are connected now. */
  online(): number;
  /** A reconnect storm: the connections of the first of them end at once, and are made again. `share` from 0 to 1. */
  drop(share: number): void;
  /** From now on so many a second leave, one minion after another, and come back after `awayMs`; the last call counts. */
  churn(perSecond: number, awayMs: number): void;
  /** From now on, so many a second of all of them; the last call counts. */
  fireEvents(perSecond: number): void;
  stop(): Promise<void>;
}

export function createEmulatedFleet(options: EmulatedFleetOptions): EmulatedFleet {
  const { kind, behaviour, clock, log } = options;
  const { ids } = kind;
  const abort = new AbortController();
  // Each enrolment under way listens; Node takes more than ten for a leak.
  setMaxListeners(0, abort.signal);
  const counts = noCounts();
  const characters = charactersOf(ids.length, behaviour);
  const minions: EmulatedMinion[] = [];
  let online = 0;
  let firing: Timer | undefined;
  let churning: Timer | undefined;
  /** Makes a minion, and tells when it was connected for the first time. */
  const launch = async (id: string, index: number) => {
    let first: () => void = () => undefined;
    const connected = new Promise<void>((resolve) => {
      first = resolve;
    });
    const minion = await kind.create({
      id,
      index,
      character: characters[index] ?? 'good',
      behaviour,
      counts,
      log: log.child({ minion: id }),
      connected() {
        online++;
        first();
      },
      disconnected() {
        online--;
      },
    });
    return { minion, connected };
  };
  const runOne = async (minion: EmulatedMinion, id: string): Promise<void> => {
    try {
      await minion.run();
    } catch (error) {
      log.error('an emulated minion gave up', { minion: id, reason: errorLine(error) });
      throw error;
    }
  };
  return {
    ids,
    counts,
    enrol: () => kind.enrol(abort.signal),
    async connect() {
      const turn = limitParallel(CONNECTS_AT_A_TIME);
      const connectOne = async (id: string, index: number): Promise<void> => {
        if (abort.signal.aborted) return;
        const { minion, connected } = await launch(id, index);
        minions.push(minion);
        if (abort.signal.aborted) await minion.stop();
        else await Promise.race([connected, runOne(minion, id)]);
      };
      await Promise.all(ids.map((id, index) => turn(() => connectOne(id, index))));
    },
    online: () => online,
    drop(share) {
      for (const minion of minions.slice(0, Math.round(share * minions.length))) minion.drop(0);
    },
    churn(perSecond, awayMs) {
      churning?.stop();
      churning = perSecond > 0 ? churn(minions, perSecond, awayMs, clock) : undefined;
    },
    fireEvents(perSecond) {
      firing?.stop();
      firing = perSecond > 0 ? fireEvents(minions, perSecond, { counts, clock }) : undefined;
    },
    async stop() {
      abort.abort();
      firing?.stop();
      churning?.stop();
      await Promise.all(minions.map((minion) => minion.stop()));
    },
  };
}

function churn(minions: readonly EmulatedMinion[], perSecond: number, awayMs: number, clock: Clock): Timer {
  let turn = 0;
  return clock.every(1000 / perSecond, () => minions[turn++ % minions.length]?.drop(awayMs));
}
