import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, pathsOf, writeConfig } from '../support/fleet_processes.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small_disk.ts';
import { MASTER, type PlannedFault } from './chaos_plan.ts';
import { createSupervisedDaemon, type SupervisedDaemon } from './supervised_daemon.ts';
import { startTcpProxy, type TcpProxy } from './tcp_proxy.ts';

/** A master and minions that a run may do anything to. */
export interface ChaosFleet {
  readonly directory: string;
  readonly socketPath: string;
  readonly storePath: string;
  readonly ledgerPath: (id: string) => string;
  /** Jobs append to it. */
  readonly effectFile: string;
  readonly smallDisks: readonly string[];
  readonly daemons: ReadonlyMap<string, SupervisedDaemon>;
  start(): void;
  /** Resolves when the fault is over. */
  inflict(fault: PlannedFault): Promise<void>;
  /** Ends all processes as a service manager does. */
  stop(): Promise<void>;
  /** `keepLogs` leaves its directory behind. */
  remove(options: { readonly keepLogs: boolean }): Promise<void>;
}

/** Room for what half an hour stores, beside what the master leaves free. */
const MASTER_DISK_MB = 256;
const EVENT_LOG_BYTES = 8 * 1024 ** 2;
const MINION_DISK_MB = 8;
/** Short, so that what a fault left behind is given up soon; longer than the longest job and freeze of a plan. */
const RUN_TIMEOUT_SECONDS = 15;
const START_TIMEOUT_SECONDS = 3;

/** The first minion and, where disks can be mounted, the master have small ones; the last minion runs one job at a time. */
export async function createChaosFleet(minions: readonly string[]): Promise<ChaosFleet> {
  const directory = mkdtempSync(join(tmpdir(), 'brine-chaos-'));
  const ports = await freePorts();
  const disks = new Map<string, SmallDisk>();
  const proxies = new Map<string, TcpProxy>();
  const daemons = new Map<string, SupervisedDaemon>();
  const caches = new Map<string, string>();
  const logFile = (name: string): string => join(directory, `${name}.log`);
  const storageOf = (name: string, disk: SmallDisk | undefined) => {
    if (disk !== undefined) disks.set(name, disk);
    const base = join(directory, name);
    const cachedir = disk?.path ?? join(base, 'cache');
    caches.set(name, cachedir);
    return { ...pathsOf(base), log_file: null, cachedir };
  };
  const masterStorage = storageOf(MASTER, mountSmallDisk(MASTER_DISK_MB));
  const masterEtc = join(directory, MASTER, 'etc');
  writeConfig(masterEtc, 'master', {
    ...masterStorage,
    interface: '127.0.0.1',
    tls_port: ports.tls,
    tcp_interface: null,
    auto_accept: true,
    keep_jobs_seconds: 0,
    event_log_bytes: EVENT_LOG_BYTES,
    job_start_timeout: START_TIMEOUT_SECONDS,
    job_timeout: RUN_TIMEOUT_SECONDS,
    timeout: 2,
  });
  daemons.set(MASTER, createSupervisedDaemon('salt-master', masterEtc, logFile(MASTER)));
  for (const [index, id] of minions.entries()) {
    const proxy = await startTcpProxy(ports.tls);
    proxies.set(id, proxy);
    const etc = join(directory, id, 'etc');
    writeConfig(etc, 'minion', {
      ...storageOf(id, index === 0 ? mountSmallDisk(MINION_DISK_MB) : undefined),
      id,
      master: `127.0.0.1:${proxy.port}`,
      acceptance_wait_time: 1,
      recon_default: 50,
      recon_max: 1000,
      keepalive_seconds: 5,
      ...(index === minions.length - 1 && { process_count_max: 1 }),
    });
    daemons.set(id, createSupervisedDaemon('salt-minion', etc, logFile(id), { CHAOS_MINION: id }));
  }
  return {
    directory,
    socketPath: join(directory, MASTER, 'run', 'operator.sock'),
    storePath: join(masterStorage.cachedir, 'store'),
    ledgerPath: (id) => join(caches.get(id) ?? '', 'ledger'),
    effectFile: join(directory, 'effects'),
    smallDisks: [...disks.keys()],
    daemons,
    start() {
      for (const daemon of daemons.values()) daemon.start();
    },
    inflict: (fault) => inflict(fault, { daemons, proxies, disks }),
    async stop() {
      for (const disk of disks.values()) disk.free();
      await Promise.all([...daemons.values()].map((daemon) => daemon.retire()));
    },
    async remove({ keepLogs }) {
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
      for (const [name, disk] of disks) {
        if (keepLogs) cpSync(disk.path, join(directory, name, 'disk'), { recursive: true });
        disk.remove();
      }
      if (!keepLogs) rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface Victims {
  readonly daemons: ReadonlyMap<string, SupervisedDaemon>;
  readonly proxies: ReadonlyMap<string, TcpProxy>;
  readonly disks: ReadonlyMap<string, SmallDisk>;
}

async function inflict({ kind, target, forMs }: PlannedFault, victims: Victims): Promise<void> {
  const daemon = victims.daemons.get(target);
  const proxy = victims.proxies.get(target);
  switch (kind) {
    case 'kill':
      await daemon?.end('SIGKILL');
      await pause(forMs);
      return daemon?.start();
    case 'freeze':
      daemon?.freeze();
      await pause(forMs);
      return daemon?.thaw();
    case 'cut':
      proxy?.cut();
      break;
    case 'stall':
      proxy?.stall();
      break;
    case 'delay':
      proxy?.delay(Math.ceil(forMs / 10));
      break;
    case 'full_disk': {
      const disk = victims.disks.get(target);
      disk?.fill();
      await pause(forMs);
      return disk?.free();
    }
    case 'restart_all': {
      const all = [...victims.daemons.values()];
      await Promise.all(all.map((each) => each.end('SIGTERM')));
      for (const each of all) each.start();
      return;
    }
  }
  await pause(forMs);
  proxy?.mend();
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
