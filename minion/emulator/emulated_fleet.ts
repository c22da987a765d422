import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { type Clock, nowSeconds, type Timer } from '../../shared/clock.ts';
import { errorLine } from '../../shared/errors.ts';
import { limitParallel } from '../../shared/limit_parallel.ts';
import type { Logger } from '../../shared/log.ts';
import type { ModuleSpec } from '../../shared/plugin/function.ts';
import type { PluginFolder } from '../../shared/plugin/load_folder.ts';
import type { MinionConfig } from '../config.ts';
import type { MinionContext } from '../context.ts';
import { type Behaviour, type Character, charactersOf } from './behaviour.ts';
import { createCertificateMemo } from './certificate_memo.ts';
import { type EmulatorCounts, noCounts } from './counts.ts';
import { createEmulatedMinion, type EmulatedMinion, type EmulatedMinionOptions } from './emulated_minion.ts';
import { slowModules } from './emulated_modules.ts';
import { enrolAll } from './enrol_all.ts';
import { fireEvents } from './fire_events.ts';
import { createMemoryLedgers } from './memory_disk.ts';

/** First connections under way at a time: more would only make each handshake slower. */
const CONNECTS_AT_A_TIME = 64;

/** Present, next and replaced ones. */
const MASTER_CERTIFICATES = 16;

export interface EmulatedFleetOptions {
  readonly ids: readonly string[];
  /** Of all of them; id and directories are each one's own. */
  readonly config: MinionConfig;
  /** Keys, certificates and what is kept of jobs: a directory for each below it. */
  readonly directory: string;
  readonly modules: PluginFolder<ModuleSpec<MinionContext>>;
  /** Ledger and outbox are files, as those of real minions. */
  readonly durable: boolean;
  /** Signatures of jobs are checked. */
  readonly verify: boolean;
  readonly behaviour: Behaviour;
  /** A one-time token for that minion; empty: none. */
  readonly tokenFor: (id: string) => Promise<string>;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
}

/**
 * Many minions in this process, each with its own key, connection, ledger and outbox, running the code of real ones.
 */
export interface EmulatedFleet {
  readonly ids: readonly string[];
  readonly counts: Readonly<EmulatorCounts>;
  /** Offers all keys. Resolves when all are accepted, which some may have been before. */
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
  const { ids, config, directory, clock, log } = options;
  const abort = new AbortController();
  // Each enrolment under way listens; Node takes more than ten for a leak.
  setMaxListeners(0, abort.signal);
  const counts = noCounts();
  // The master's, and those of the minions.
  const verifyCertificate = createCertificateMemo(ids.length + MASTER_CERTIFICATES);
  const characters = charactersOf(ids.length, options.behaviour);
  const configs = ids.map((id) => configOf(config, directory, id));
  const minions: EmulatedMinion[] = [];
  let online = 0;
  let firing: Timer | undefined;
  let churning: Timer | undefined;
  const launch = createLauncher({ ...options, verifyCertificate }, counts, (change) => {
    online += change;
  });
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
    enrol: () => {
      const { tokenFor } = options;
      const { signal } = abort;
      return enrolAll({
        configs,
        sharedPkiDir: join(directory, 'pki'),
        tokenFor,
        verify: verifyCertificate,
        clock,
        log,
        signal,
      });
    },
    async connect() {
      const turn = limitParallel(CONNECTS_AT_A_TIME);
      const connectOne = async (own: MinionConfig, index: number): Promise<void> => {
        if (abort.signal.aborted) return;
        const { minion, connected } = await launch(own, characters[index] ?? 'good', index);
        minions.push(minion);
        if (abort.signal.aborted) await minion.stop();
        else await Promise.race([connected, runOne(minion, own.id)]);
      };
      await Promise.all(configs.map((own, index) => turn(() => connectOne(own, index))));
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

/** Makes a minion, and tells when it was connected for the first time. */
function createLauncher(
  options: EmulatedFleetOptions & Pick<EmulatedMinionOptions, 'verifyCertificate'>,
  counts: EmulatorCounts,
  count: (change: 1 | -1) => void,
): (
  config: MinionConfig,
  character: Character,
  index: number,
) => Promise<{ minion: EmulatedMinion; connected: Promise<void> }> {
  const { modules, behaviour, clock } = options;
  const slow = slowModules(modules, behaviour.slowMs, clock);
  const ledgerOf = createMemoryLedgers(options.ids.length, () => nowSeconds(clock));
  return async (config, character, index) => {
    let first: () => void = () => undefined;
    const connected = new Promise<void>((resolve) => {
      first = resolve;
    });
    const minion = await createEmulatedMinion({
      ...options,
      config,
      character,
      memoryLedger: options.durable ? undefined : ledgerOf(index),
      counts,
      modules: character === 'slow' ? slow : modules,
      log: options.log.child({ minion: config.id }),
      connected() {
        count(1);
        first();
      },
      disconnected: () => count(-1),
    });
    return { minion, connected };
  };
}

function configOf(config: MinionConfig, directory: string, id: string): MinionConfig {
  const home = join(directory, id);
  return {
    ...config,
    id,
    root_dir: home,
    pki_dir: join(home, 'pki'),
    cachedir: join(home, 'cache'),
    sock_dir: join(home, 'run'),
  };
}
