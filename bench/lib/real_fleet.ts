import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Connection, openConnection } from '../../shared/client/connection.ts';
import { systemClock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import { operatorSocketName } from '../../shared/paths.ts';
import { decodePayload } from '../../shared/protocol/codec.ts';
import { Presence } from '../../shared/protocol/messages/event.ts';
import type { FleetContext } from './benchmark.ts';
import { type LoopDelay, readLoopDelay } from './loop_delay.ts';
import { cpuMs, type OwnProcess, startProcess } from './own_process.ts';

/** How long a fleet may take to come up, or to come to rest. */
const PATIENCE_MS = 180_000;

/** A fleet of real processes that accepts its minions unseen, on loopback, in a directory of its own. */
export interface RealFleet {
  readonly ids: readonly string[];
  readonly masterDir: string;
  /** Configuration directories of the minions. */
  readonly minionDirs: readonly string[];
  readonly socketPath: string;
  /** `host:port` that minions connect to. */
  readonly address: string;
  readonly processes: () => { readonly master: OwnProcess | undefined; readonly minions: readonly OwnProcess[] };
  /** `start` in place of a start like any other. */
  startMaster(start?: typeof startProcess): Promise<void>;
  /** Resolves when all of them are connected and take jobs. The master runs, whoever started it. */
  startMinions(): Promise<void>;
  stopMinions(): Promise<void>;
  /** Resolves when the processes use next to nothing; at once when it is only to be seen that the benchmark works. */
  untilIdle(processes: readonly OwnProcess[]): Promise<void>;
  /** Of the master's event loop, since this was last asked. */
  loopDelay(): Promise<LoopDelay>;
  stop(): Promise<void>;
}

export async function createRealFleet(
  options: FleetContext & {
    readonly count: number;
    /** Lines of the master's configuration, beyond paths and ports. */
    readonly masterSettings?: readonly string[];
  },
): Promise<RealFleet> {
  const { dist, home, isQuick, count, masterSettings = [] } = options;
  const ids = Array.from({ length: count }, (_, index) => `m${index + 1}`);
  const port = await freePort();
  const metricsPort = await freePort();
  const masterDir = writeConfig(home, 'master', [
    'interface: 127.0.0.1',
    `tcp_port: ${await freePort()}`,
    `tls_port: ${port}`,
    'auto_accept: True',
    `metrics_port: ${metricsPort}`,
    ...masterSettings,
  ]);
  const minionDirs = ids.map((id) => writeConfig(home, id, [`id: ${id}`, `master: 127.0.0.1:${port}`], 'minion'));
  const socketPath = join(home, 'master', 'run', operatorSocketName);
  const program = (name: string): string => fileURLToPath(new URL(`${name}.cjs`, dist));
  let master: OwnProcess | undefined;
  let minions: OwnProcess[] = [];
  const killAll = (): void => {
    for (const own of [...minions, ...(master === undefined ? [] : [master])]) own.kill();
  };
  // However the benchmark ends, it leaves nothing running.
  process.once('exit', killAll);
  const stopMinions = async (): Promise<void> => {
    await Promise.all(minions.map((minion) => minion.stop()));
    minions = [];
  };
  return {
    ids,
    masterDir,
    minionDirs,
    socketPath,
    address: `127.0.0.1:${port}`,
    processes: () => ({ master, minions }),
    async startMaster(start = startProcess) {
      master = start(program('salt-master'), ['-c', masterDir]);
      const connection = await Promise.race([untilListening(socketPath), failure([master])]);
      await connection.close();
    },
    async startMinions() {
      minions = minionDirs.map((dir) => startProcess(program('salt-minion'), ['-c', dir]));
      await Promise.race([untilOnline(socketPath, ids.length), failure(minions)]);
    },
    stopMinions,
    untilIdle: async (processes) => (isQuick ? undefined : untilIdle(processes)),
    loopDelay: () => readLoopDelay(metricsPort),
    async stop() {
      await stopMinions();
      await master?.stop();
      process.off('exit', killAll);
    },
  };
}

/** Paths below `home`, so that nothing of the machine's own is touched. The directory of the configuration. */
export function writeConfig(home: string, name: string, lines: readonly string[], kind = name): string {
  const base = join(home, name);
  const folder = join(base, 'etc');
  mkdirSync(folder, { recursive: true });
  const paths = [
    `pki_dir: ${base}/pki`,
    `cachedir: ${base}/cache`,
    `sock_dir: ${base}/run`,
    `pidfile: ${base}/run/pid`,
    'log_level: error',
    'log_file: null',
  ];
  writeFileSync(join(folder, kind), `${[...lines, ...paths].join('\n')}\n`);
  return folder;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function failure(processes: readonly OwnProcess[]): Promise<never> {
  throw new FleetError('COMMAND_FAILED', await Promise.race(processes.map(({ ended }) => ended)));
}

async function untilListening(socketPath: string): Promise<Connection> {
  const until = systemClock.monotonicMs() + PATIENCE_MS;
  for (;;) {
    try {
      return await watch(socketPath, () => undefined);
    } catch (error) {
      const isRefused = error instanceof FleetError && error.code === 'MASTER_UNREACHABLE';
      if (!isRefused || systemClock.monotonicMs() > until) throw error;
      await pause(10);
    }
  }
}

/** Presence is retained: who is there already is counted too. */
export async function untilOnline(socketPath: string, count: number, patienceMs = PATIENCE_MS): Promise<void> {
  const online = new Set<string>();
  let done: () => void = () => undefined;
  let gaveUp: (error: Error) => void = () => undefined;
  const all = new Promise<void>((resolve, reject) => {
    done = resolve;
    gaveUp = reject;
  });
  const connection = await watch(socketPath, (topic, payload) => {
    const { online: isOnline } = Presence.check(decodePayload(payload));
    if (isOnline) online.add(topic);
    else online.delete(topic);
    if (online.size === count) done();
  });
  await connection.subscribe(['salt/presence/+']);
  const patience = setTimeout(
    () => gaveUp(new FleetError('TIMED_OUT', `${online.size} of ${count} minions came`)),
    patienceMs,
  );
  try {
    await all;
  } finally {
    clearTimeout(patience);
    await connection.close();
  }
}

function watch(socketPath: string, received: (topic: string, payload: Uint8Array) => void): Promise<Connection> {
  return openConnection({
    endpoint: { kind: 'unix', path: socketPath },
    clientId: `bench-${process.pid}`,
    keepaliveSeconds: 60,
    connectTimeoutMs: 30_000,
    received,
  });
}

/** Resolves when the processes use next to nothing for a second, or after a while in which they did not. */
async function untilIdle(processes: readonly OwnProcess[]): Promise<void> {
  const used = (): number => processes.reduce((sum, { pid }) => sum + cpuMs(pid), 0);
  const until = systemClock.monotonicMs() + PATIENCE_MS;
  // A tick is 10 ms: a process at rest may still show one now and then, and ten thousand minions that ping several.
  const quietMs = 50 + processes.length;
  for (let before = used(); systemClock.monotonicMs() < until; ) {
    await pause(1000);
    const now = used();
    if (now - before <= quietMs) return;
    before = now;
  }
}

/** Unlike the clock's timers, it keeps the process alive. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
