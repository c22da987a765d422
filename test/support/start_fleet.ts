import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { loadMasterConfig, type MasterConfig } from '../../master/config.ts';
import type { MasterContext } from '../../master/context.ts';
import { type Master, startMaster } from '../../master/master.ts';
import { coreBeacons } from '../../minion/beacons.ts';
import { loadMinionConfig, type MinionConfig } from '../../minion/config.ts';
import type { MinionContext } from '../../minion/context.ts';
import { type Minion, startMinion } from '../../minion/minion.ts';
import { connectOperator, type OperatorClient, type OperatorStep } from '../../shared/client/operator_client.ts';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { createLogger, type Logger } from '../../shared/log.ts';
import type { ModuleSpec } from '../../shared/plugin/function.ts';
import { loadFolder, type PluginFolder } from '../../shared/plugin/load_folder.ts';
import { coreReturners } from '../../shared/plugin/open_returners.ts';
import { Inbox } from '../integration/broker/inbox.ts';
import { fakeGrains } from './fake_grains.ts';
import { openInlineRenderThread } from './inline_render_thread.ts';
import { repositoryRoot } from './source_tree.ts';

export interface FleetSetup {
  /** Their keys are accepted unseen unless `auto_accept` says otherwise. */
  readonly minions?: readonly string[];
  readonly master?: Partial<MasterConfig>;
  /** Of every minion. */
  readonly minion?: Partial<MinionConfig>;
  /** Execution modules beside the real ones. */
  readonly modules?: Readonly<Record<string, ModuleSpec<MinionContext>>>;
  /** The master's. */
  readonly clock?: Clock;
}

export interface MinionSetup {
  readonly config?: Partial<MinionConfig>;
  readonly clock?: Clock;
  /** Its directory; its id when left out. */
  readonly home?: string;
}

export interface BusEvent {
  readonly tag: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A request of an operator for a job, beyond target, function and arguments. */
export interface JobOptions {
  readonly tgt_type?: string;
  readonly timeout?: number;
  readonly queue_for?: number;
  readonly async?: boolean;
  readonly delimiter?: string;
  readonly exclude?: string;
  readonly limit?: string | number;
  /** Returners of that job. */
  readonly ret?: string;
}

/** A master and minions in this process: real broker, real sockets, a directory of their own. */
export interface TestFleet {
  readonly directory: string;
  /** The master's event bus, across its restarts. */
  readonly events: Inbox<BusEvent>;
  readonly masterLog: Inbox<string>;
  /** `<id> <line>` of all minions. */
  readonly minionLog: Inbox<string>;
  master(): Master;
  context(): MasterContext;
  /** `host:port` that minions connect to. */
  address(): string;
  operator(): Promise<OperatorClient>;
  /** Publishes a job and gives all steps of the answer. */
  run(
    tgt: string | readonly string[],
    fun: string,
    arg?: readonly unknown[],
    kwarg?: Readonly<Record<string, unknown>>,
    options?: JobOptions,
  ): Promise<readonly OperatorStep[]>;
  /** What a runner or a wheel function answers. */
  call(
    op: 'runner' | 'wheel',
    fun: string,
    arg?: readonly unknown[],
    kwarg?: Readonly<Record<string, unknown>>,
  ): Promise<unknown>;
  /** Starts a minion and does not wait for it. */
  launchMinion(id: string, setup?: MinionSetup): Promise<Minion>;
  /** Starts a minion and waits until the master sees it. */
  startMinion(id: string, setup?: MinionSetup): Promise<Minion>;
  /** Stops a minion and waits until the master sees that. */
  stopMinion(id: string): Promise<void>;
  stopMaster(): Promise<void>;
  /** On the same port, with the same directory. */
  startMaster(): Promise<void>;
  stop(): Promise<void>;
}

const REAL_MODULES = loadFolder<ModuleSpec<MinionContext>>(folder('minion/modules'));
const RUNNERS = loadFolder<ModuleSpec<MasterContext>>(folder('master/runners'));
const WHEEL = loadFolder<ModuleSpec<MasterContext>>(folder('master/wheel'));

export async function startFleet(setup: FleetSetup = {}): Promise<TestFleet> {
  const directory = await mkdtemp(join(tmpdir(), 'brine-fleet-'));
  await mkdir(join(directory, 'etc'));
  const parts = {
    events: new Inbox<BusEvent>(),
    masterLog: new Inbox<string>(),
    minionLog: new Inbox<string>(),
    minions: new Map<string, Minion>(),
    master: undefined as Master | undefined,
    client: undefined as OperatorClient | undefined,
    port: 0,
  };
  const master = (): Master => {
    if (parts.master === undefined) throw new Error('the master is not running');
    return parts.master;
  };
  const address = (): string => `127.0.0.1:${parts.port}`;
  const isOnline = (id: string): boolean => master().context('test').fleet.isOnline(id);
  const startTheMaster = async (): Promise<void> => {
    parts.master = await launchMaster(
      directory,
      { ...setup.master, tls_port: parts.port },
      setup.clock,
      parts.masterLog,
    );
    parts.port = Number(master().addresses[1]?.split(':').at(-1));
    master()
      .context('test')
      .bus.listen((tag, data) => parts.events.push({ tag, data }));
  };
  const client = async (): Promise<OperatorClient> => {
    parts.client ??= await openOperator(directory);
    return parts.client;
  };
  const launch = async (id: string, { config, clock = systemClock, home = id }: MinionSetup = {}): Promise<Minion> => {
    const settings = { master: address(), ...setup.minion, ...config };
    const log = collectLog(parts.minionLog, `${id} `);
    const modules = withModules(setup.modules ?? {});
    const minion = await launchMinion({ directory, id, home, overrides: settings, modules, clock, log });
    parts.minions.set(home, minion);
    return minion;
  };
  const changeOf = (list: 'new' | 'lost', id: string, from: number) =>
    parts.events.waitFor((event) => {
      if (event.tag !== 'salt/presence/change' || parts.events.all.indexOf(event) < from) return false;
      return (event.data[list] as string[]).includes(id);
    });

  const fleet: TestFleet = {
    directory,
    events: parts.events,
    masterLog: parts.masterLog,
    minionLog: parts.minionLog,
    master,
    context: () => master().context('test'),
    address,
    operator: () => openOperator(directory),
    async run(tgt, fun, arg = [], kwarg = {}, options = {}) {
      return collect((await client()).request({ op: 'job', tgt, fun, arg, kwarg, ...options }));
    },
    async call(op, fun, arg = [], kwarg = {}) {
      const steps = await collect((await client()).request({ op, fun, arg, kwarg }));
      return steps.find(({ t }) => t === 'value')?.value;
    },
    launchMinion: launch,
    async startMinion(id, minionSetup) {
      const from = parts.events.all.length;
      const minion = await launch(id, minionSetup);
      await changeOf('new', id, from);
      return minion;
    },
    async stopMinion(id) {
      const from = parts.events.all.length;
      const lost = isOnline(id) ? changeOf('lost', id, from) : undefined;
      await parts.minions.get(id)?.stop();
      parts.minions.delete(id);
      await lost;
    },
    async stopMaster() {
      await parts.client?.close();
      parts.client = undefined;
      await master().stop();
      parts.master = undefined;
    },
    startMaster: startTheMaster,
    async stop() {
      await parts.client?.close();
      await Promise.all([...parts.minions.values()].map((minion) => minion.stop()));
      await parts.master?.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  await startTheMaster();
  await Promise.all((setup.minions ?? []).map((id) => fleet.startMinion(id)));
  return fleet;
}

async function launchMaster(
  directory: string,
  overrides: Partial<MasterConfig>,
  clock: Clock = systemClock,
  lines: Inbox<string>,
) {
  const loaded = await loadMasterConfig({
    configDir: join(directory, 'etc'),
    env: {},
    overrides: { root_dir: join(directory, 'master') },
  });
  const config = {
    ...loaded,
    interface: '127.0.0.1',
    tcp_interface: null,
    auto_accept: true,
    presence_events: true,
    ...overrides,
  };
  const owner = userInfo().username;
  const log = collectLog(lines, '');
  return startMaster({
    config,
    runners: RUNNERS,
    wheel: WHEEL,
    openRenderThread: openInlineRenderThread,
    checkPam: async (user, password) => user === 'dora' && password === 'of the system',
    owner,
    clock,
    random: Math.random,
    log,
  });
}

interface Launch {
  readonly directory: string;
  readonly id: string;
  readonly home: string;
  readonly overrides: Partial<MinionConfig>;
  readonly modules: PluginFolder<ModuleSpec<MinionContext>>;
  readonly clock: Clock;
  readonly log: Logger;
}

async function launchMinion({ directory, id, home, overrides, modules, clock, log }: Launch): Promise<Minion> {
  const loaded = await loadMinionConfig({
    configDir: join(directory, 'etc'),
    env: {},
    hostname: id,
    overrides: { id, root_dir: join(directory, home) },
  });
  const config = { ...loaded, acceptance_wait_time: 0.02, recon_default: 10, recon_max: 50, ...overrides };
  return startMinion({
    config,
    modules,
    beacons: coreBeacons(),
    returners: coreReturners(),
    grains: fakeGrains({ id, os: 'TestOS', ipv4: ['127.0.0.1'] }, {}, config.grains),
    openRenderThread: openInlineRenderThread,
    clock,
    random: Math.random,
    log,
    env: {},
    pid: process.pid,
    kill: () => undefined,
  });
}

function withModules(modules: Readonly<Record<string, ModuleSpec<MinionContext>>>) {
  return {
    ...REAL_MODULES,
    names: [...REAL_MODULES.names, ...Object.keys(modules)].sort(),
    load: async (name: string) => modules[name] ?? (await REAL_MODULES.load(name)),
  };
}

function openOperator(directory: string): Promise<OperatorClient> {
  const socketPath = join(directory, 'master/var/run/salt/master/operator.sock');
  return connectOperator({ socketPath, firstAnswerMs: 10_000, clock: systemClock });
}

function collectLog(lines: Inbox<string>, prefix: string): Logger {
  const sink = { level: 'debug', format: 'text', write: (line: string) => lines.push(prefix + line) } as const;
  return createLogger([sink], () => systemClock.nowMs());
}

async function collect(steps: AsyncGenerator<OperatorStep>): Promise<readonly OperatorStep[]> {
  const all: OperatorStep[] = [];
  for await (const step of steps) all.push(step);
  return all;
}

function folder(path: string): URL {
  return new URL(`file://${join(repositoryRoot, path)}/`);
}
