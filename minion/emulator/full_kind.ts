import { join } from 'node:path';
import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { limitParallel } from '../../shared/limit_parallel.ts';
import type { Logger } from '../../shared/log.ts';
import type { ModuleSpec } from '../../shared/plugin/function.ts';
import type { PluginFolder } from '../../shared/plugin/load_folder.ts';
import type { MinionConfig } from '../config.ts';
import type { MinionContext } from '../context.ts';
import type { Behaviour } from './behaviour.ts';
import { createCertificateMemo } from './certificate_memo.ts';
import type { MinionKind } from './emulated_minion.ts';
import { slowModules } from './emulated_modules.ts';
import { enrolAll } from './enrol_all.ts';
import { createFullMinion } from './full_minion.ts';
import { createMemoryLedgers } from './memory_disk.ts';

/**
 * Handshakes under way: each minion of a real fleet has a processor of its own, but here thousands at once would all take
 * longer than the master waits for one.
 */
const ATTEMPTS_AT_A_TIME = 64;
/** Present, next and replaced ones. */
const MASTER_CERTIFICATES = 16;

export interface FullKindOptions {
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
  readonly behaviour: Pick<Behaviour, 'slowMs'>;
  /** A one-time token for that minion; empty: none. */
  readonly tokenFor: (id: string) => Promise<string>;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
}

/** Minions with a key, a certificate and TLS, running the code of real ones. */
export function createFullKind(options: FullKindOptions): MinionKind {
  const { ids, config, directory, modules, behaviour, tokenFor, clock, log } = options;
  // The master's, and those of the minions.
  const verifyCertificate = createCertificateMemo(ids.length + MASTER_CERTIFICATES);
  const slow = slowModules(modules, behaviour.slowMs, clock);
  const inTurn = limitParallel(ATTEMPTS_AT_A_TIME);
  const ledgerOf = createMemoryLedgers(ids.length, () => nowSeconds(clock));
  const ownConfig = (id: string): MinionConfig => configOf(config, directory, id);
  return {
    ids,
    enrol: (signal) =>
      enrolAll({
        configs: ids.map(ownConfig),
        sharedPkiDir: join(directory, 'pki'),
        tokenFor,
        verify: verifyCertificate,
        clock,
        log,
        signal,
      }),
    create: (member) =>
      createFullMinion({
        ...options,
        ...member,
        verifyCertificate,
        inTurn,
        config: ownConfig(member.id),
        memoryLedger: options.durable ? undefined : ledgerOf(member.index),
        modules: member.character === 'slow' ? slow : modules,
      }),
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
