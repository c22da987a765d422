import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStoreUse, type StoreUse } from '../../master/store/store_use.ts';
import { freePorts, pathsOf, writeConfig } from '../support/fleet_processes.ts';
import { type Program, startProgram } from '../support/program.ts';
import { repositoryRoot } from '../support/source_tree.ts';
import type { ProcessName } from './judge.ts';
import { openProbe, type Probe } from './probe.ts';

/** A real master and one process of emulated minions, each with a door for measuring. */
export interface SoakFleet {
  readonly socketPath: string;
  readonly tcpPort: number;
  readonly ids: readonly string[];
  readonly probes: Readonly<Record<ProcessName, Probe>>;
  readonly store: StoreUse;
  /** The file of the store, MB. */
  storeFileMb(): number;
  /** Minions come and go, and fire events, until `still`, which is how it begins. */
  stir(): Promise<void>;
  still(): Promise<void>;
  stop(): Promise<void>;
  remove(options: { readonly keepLogs: boolean }): void;
  readonly directory: string;
}

const PROBED = fileURLToPath(new URL('probed.mjs', import.meta.url));
/** Filled within minutes, so that the rest of the run says whether the store still grows. */
const EVENT_LOG_BYTES = 4 * 1024 ** 2;
const CONNECTS_PER_SECOND = 1000;

export interface SoakFleetOptions {
  readonly minions: number;
  readonly keepJobsSeconds: number;
  /** What else the emulator is to do. */
  readonly emulate: readonly string[];
}

export async function startSoakFleet({ minions, keepJobsSeconds, emulate }: SoakFleetOptions): Promise<SoakFleet> {
  const directory = mkdtempSync(join(tmpdir(), 'brine-soak-'));
  const ports = await freePorts();
  const at = (...parts: string[]): string => join(directory, ...parts);
  const socketPath = at('master', 'run', 'operator.sock');
  writeConfig(at('master', 'etc'), 'master', {
    ...pathsOf(at('master')),
    log_file: null,
    interface: '127.0.0.1',
    tls_port: ports.tls,
    tcp_port: ports.tcp,
    auto_accept: true,
    max_connects_per_second: CONNECTS_PER_SECOND,
    keep_jobs_seconds: keepJobsSeconds,
    event_log_bytes: EVENT_LOG_BYTES,
  });
  writeConfig(at('emulated', 'etc'), 'minion', {
    ...pathsOf(at('emulated')),
    log_file: null,
    master: `127.0.0.1:${ports.tls}`,
    acceptance_wait_time: 1,
    recon_default: 100,
    recon_max: 5000,
  });
  mkdirSync(at('minions'));
  const programs: Program[] = [];
  const start = (name: ProcessName, program: string, args: readonly string[]): Program => {
    const file = join(process.env.BRINE_DIST ?? join(repositoryRoot, 'dist'), `${program}.cjs`);
    const started = startProgram(PROBED, [at(`${name}.sock`), file, ...args], { logFile: at(`${name}.log`) });
    programs.push(started);
    return started;
  };
  const stop = async (): Promise<void> => {
    for (const program of [...programs].reverse()) await program.stop();
  };
  try {
    const master = start('master', 'salt-master', ['-c', at('master', 'etc'), '-l', 'info']);
    await master.line(/the master is up/);
    const emulator = start('emulator', 'salt-emulate', [
      ...['-c', at('emulated', 'etc'), '--directory', at('minions'), '--operator-socket', socketPath],
      ...['-n', String(minions), ...emulate],
    ]);
    const toggle = async (line: RegExp): Promise<void> => {
      // The master sees the last minion come a moment before the emulator listens to signals.
      await emulator.line(/connected to/);
      const told = emulator.nextLine(line);
      emulator.kill('SIGUSR2');
      await told;
    };
    const probes = {
      master: await openProbe(at('master.sock'), master.pid),
      emulator: await openProbe(at('emulator.sock'), emulator.pid),
    };
    const storeFolder = at('master', 'cache', 'store');
    const store = openStoreUse(storeFolder);
    return {
      socketPath,
      tcpPort: ports.tcp,
      ids: Array.from({ length: minions }, (_, index) => `emu${index + 1}`),
      probes,
      directory,
      stir: () => toggle(/going on/),
      still: () => toggle(/holding still/),
      store,
      storeFileMb: () => (statSync(join(storeFolder, 'data.mdb')).blocks * 512) / 1024 ** 2,
      async stop() {
        await store.close();
        for (const probe of Object.values(probes)) probe.close();
        await stop();
      },
      remove({ keepLogs }) {
        if (!keepLogs) rmSync(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
