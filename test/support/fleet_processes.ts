import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import { type Command, type CommandResult, type Program, runProgram, startProgram } from './program.ts';
import { until } from './until.ts';

type Settings = Readonly<Record<string, unknown>>;

export interface ProcessOptions {
  /** Started, accepted and connected when `startProcesses` resolves. Default: none. */
  readonly minions?: readonly string[];
  /** On top of paths and ports; `auto_accept` is on unless this says otherwise. */
  readonly masterConfig?: Settings;
  readonly minionConfig?: Settings;
  /** How much daemons tell their terminal. Default: info. */
  readonly logLevel?: string;
}

/** A master and its minions as real processes, in a directory of their own. */
export interface FleetProcesses {
  readonly dir: string;
  readonly ports: { readonly tls: number; readonly tcp: number };
  readonly operatorSocket: string;
  /** The master that runs now. */
  readonly master: () => Program;
  readonly minion: (id: string) => Program;
  /** The configuration directory of `master` or of a minion. */
  configDir(name: string): string;
  /** A path below the directory of `master` or of a minion: `file('m1', 'pki', 'minion.pem')`. */
  file(name: string, ...parts: string[]): string;
  localSocket(id: string): string;
  /** Resolves when it takes connections. */
  startMaster(extra?: readonly string[]): Promise<Program>;
  /** Writes its configuration and starts it; resolves when it says `line`, by default that it is connected. */
  startMinion(id: string, options?: { readonly config?: Settings; readonly line?: RegExp }): Promise<Program>;
  /** Writes a minion's configuration without starting it. */
  configureMinion(id: string, config?: Settings): void;
  /** Runs a command to its end with the configuration of the master; `salt-call` with that of the first minion. */
  cli(name: string, args: readonly string[], command?: Command): Promise<CommandResult>;
  /** The daemons are fine: fails with what they answered instead. */
  expectPing(): Promise<void>;
  stopMinions(): Promise<void>;
  /** A test failed: the directory with the logs stays when the fleet is stopped. */
  keepLogs(): void;
  stop(): Promise<void>;
}

/** One fleet for all tests of a file or suite. The function gives it from the first test on. */
export function useProcesses(options: ProcessOptions): () => FleetProcesses {
  let fleet: FleetProcesses | undefined;
  vi.setConfig({ testTimeout: 60_000 });
  beforeAll(async () => {
    fleet = await startProcesses(options);
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') fleet?.keepLogs();
  });
  afterAll(() => fleet?.stop());
  return () => {
    if (fleet === undefined) throw new Error('the fleet is there from beforeAll on');
    return fleet;
  };
}

export async function startProcesses(options: ProcessOptions = {}): Promise<FleetProcesses> {
  const dir = mkdtempSync(join(tmpdir(), 'brine-e2e-'));
  const ports = await freePorts();
  const programs = new Map<string, Program>();
  const first = options.minions?.[0] ?? 'm1';
  let keepsLogs = false;
  const file = (name: string, ...parts: string[]): string => join(dir, name, ...parts);
  const configDir = (name: string): string => file(name, 'etc');
  const programOf = (name: string): Program => {
    const program = programs.get(name);
    if (program === undefined) throw new Error(`${name} was not started`);
    return program;
  };
  const start = async (name: string, kind: 'salt-master' | 'salt-minion', line: RegExp, extra: readonly string[]) => {
    const args = ['-c', configDir(name), '-l', options.logLevel ?? 'info', ...extra];
    await programs.get(name)?.stop();
    const program = startProgram(kind, args, { logFile: file(name, 'terminal.log') });
    programs.set(name, program);
    await program.line(line);
    return program;
  };
  const configureMinion = (id: string, config: Settings = {}): void =>
    writeConfig(configDir(id), 'minion', {
      id,
      master: `127.0.0.1:${ports.tls}`,
      acceptance_wait_time: 1,
      recon_default: 50,
      recon_max: 300,
      ...pathsOf(file(id)),
      ...options.minionConfig,
      ...config,
    });
  writeConfig(configDir('master'), 'master', {
    interface: '127.0.0.1',
    tls_port: ports.tls,
    tcp_port: ports.tcp,
    auto_accept: true,
    ...pathsOf(file('master')),
    ...options.masterConfig,
  });

  const fleet: FleetProcesses = {
    dir,
    ports,
    operatorSocket: file('master', 'run', 'operator.sock'),
    master: () => programOf('master'),
    minion: programOf,
    configDir,
    file,
    localSocket: (id) => file(id, 'run', 'local.sock'),
    startMaster: (extra = []) => start('master', 'salt-master', /the master is up/, extra),
    async startMinion(id, { config, line = /connected to the master/ } = {}) {
      configureMinion(id, config);
      return start(id, 'salt-minion', line, []);
    },
    configureMinion,
    cli: (name, args, command) =>
      runProgram(name, ['-c', configDir(name === 'salt-call' ? first : 'master'), ...args], command),
    async expectPing() {
      const { status, stdout, stderr } = await fleet.cli('salt', [first, 'test.ping', '--out', 'txt']);
      if (status !== 0 || stdout !== `${first}: True\n`) throw new Error(`no ping: ${status} ${stdout}${stderr}`);
    },
    async stopMinions() {
      const minions = [...programs].filter(([name]) => name !== 'master');
      await Promise.all(minions.map(([, program]) => program.stop()));
      for (const [name] of minions) programs.delete(name);
    },
    keepLogs() {
      keepsLogs = true;
    },
    async stop() {
      await fleet.stopMinions();
      await programs.get('master')?.stop();
      if (!keepsLogs) rmSync(dir, { recursive: true, force: true });
      else process.stderr.write(`logs of the failed test: ${dir}/*/terminal.log\n`);
    },
  };
  try {
    await fleet.startMaster();
    for (const id of options.minions ?? []) configureMinion(id);
    await Promise.all((options.minions ?? []).map((id) => fleet.startMinion(id)));
    if (options.minions !== undefined) await untilUp(fleet, options.minions);
    return fleet;
  } catch (error) {
    fleet.keepLogs();
    await fleet.stop();
    throw error;
  }
}

/** A minion knows that it is connected a moment before the master counts it in. */
async function untilUp(fleet: FleetProcesses, ids: readonly string[]): Promise<void> {
  await until('the minions are up', async () => {
    const { stdout } = await fleet.cli('salt-run', ['manage.up', '--out', 'json']);
    return ids.every((id) => stdout.includes(`"${id}"`));
  });
}

/** Explicit paths, so that nothing of the machine's own `/etc/salt` or `/var` is touched. */
export function pathsOf(base: string): Settings {
  return {
    pki_dir: `${base}/pki`,
    cachedir: `${base}/cache`,
    sock_dir: `${base}/run`,
    pidfile: `${base}/run/pid`,
    log_file: `${base}/log`,
  };
}

/** JSON is YAML. */
export function writeConfig(configDir: string, kind: 'master' | 'minion', settings: Settings): void {
  mkdirSync(configDir, { recursive: true });
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  writeFileSync(join(configDir, kind), lines.join(''));
}

/** Two ports that nobody listens on. They are held at the same time, so that they differ. */
export async function freePorts(): Promise<{ readonly tls: number; readonly tcp: number }> {
  const servers = [createServer(), createServer()];
  const [tls = 0, tcp = 0] = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as { port: number }).port;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return { tls, tcp };
}
