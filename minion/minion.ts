import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { logBrokenReferences } from '../shared/broken_references.ts';
import { type Clock, nowSeconds } from '../shared/clock.ts';
import { openPrivateKey } from '../shared/crypto/private_file.ts';
import { readMineFunctions } from '../shared/data/mine_functions.ts';
import { claimFolder } from '../shared/disk/claim_folder.ts';
import { FleetError, systemErrorCode } from '../shared/errors.ts';
import { eventStamp } from '../shared/event_stamp.ts';
import type { Logger } from '../shared/log.ts';
import { makeFolder } from '../shared/make_folder.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import type { PluginFolder } from '../shared/plugin/load_folder.ts';
import { openReturners } from '../shared/plugin/open_returners.ts';
import type { AnyReturner } from '../shared/plugin/returner.ts';
import type { ReturnerStatus } from '../shared/plugin/returner_lane.ts';
import { checkTag } from '../shared/protocol/event_tag.ts';
import type { OpenRenderThread } from '../shared/reactor/render_thread.ts';
import type { Scheduler } from '../shared/schedule/scheduler.ts';
import { systemReason } from '../shared/system_reason.ts';
import { VERSION } from '../shared/version.ts';
import type { AnyBeacon } from './beacon.ts';
import { type RunningBeacons, startBeacons } from './beacons.ts';
import { minionBrokenReferences } from './broken_references.ts';
import { claimSocket } from './bus/claim_socket.ts';
import { createForwarder } from './bus/forward_events.ts';
import { openOwnBus } from './bus/open_own_bus.ts';
import type { OwnBus } from './bus/own_bus.ts';
import { createFireMaster, startData } from './bus/own_events.ts';
import { createCatalogue } from './catalogue.ts';
import type { MinionConfig } from './config.ts';
import type { Events, Grains, MinionContext } from './context.ts';
import { createJobPath } from './jobs/job_path.ts';
import { createJobTable } from './jobs/job_table.ts';
import { openLedger } from './jobs/ledger.ts';
import { openOutbox } from './jobs/outbox.ts';
import { createOwnJids } from './jobs/own_jids.ts';
import { createOwnJobs, type RunOwnJob } from './jobs/own_jobs.ts';
import { type GrainKeeper, keepGrains } from './keep_grains.ts';
import { answerBeaconRequest, MANAGE_BEACONS } from './lib/beacon/beacon_requests.ts';
import { ASK_MASTER, answerMasterRequest } from './lib/master_requests.ts';
import { answerScheduleRequest, MANAGE_SCHEDULE } from './lib/schedule/schedule_requests.ts';
import { ASK_STATUS, answerStatusRequest } from './lib/status_requests.ts';
import { announcedInfo, linkSettings } from './link/link_settings.ts';
import { createMasterLink, type MasterLink } from './link/master_link.ts';
import { type MinionServices, makeContext, noScope } from './make_context.ts';
import { type RunningMine, startMine } from './mine.ts';
import { openMinionReactor } from './reactor/open_reactor.ts';
import type { MinionReactor } from './reactor/reactor.ts';
import { openSchedule } from './schedule/open_schedule.ts';
import { toldGrains } from './tell_grains.ts';

export interface MinionDeps {
  readonly config: MinionConfig;
  readonly modules: PluginFolder<ModuleSpec<MinionContext>>;
  readonly beacons: PluginFolder<AnyBeacon>;
  readonly returners: PluginFolder<AnyReturner>;
  readonly grains: Grains;
  readonly openRenderThread: OpenRenderThread;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly kill: (pid: number, signal: number) => void;
}

export interface Minion {
  /** Resolves when stopped; rejects with what waiting cannot mend. */
  readonly done: Promise<void>;
  /** What `done` says, and everything closed. */
  stop(): Promise<void>;
  readonly localAddresses: readonly string[];
  /** How it stands with the master. */
  readonly link: Pick<MasterLink, 'status' | 'watch'>;
}

/** The composition root: what a minion is, from top to bottom. Grains may still be collected while files are opened. */
export async function startMinion(
  given: Omit<MinionDeps, 'grains'> & { readonly grains: Grains | Promise<Grains> },
): Promise<Minion> {
  const { config, clock, log } = given;
  const { id } = config;
  const [disk, grains] = await Promise.all([openDisk(given), given.grains]);
  const deps: MinionDeps = { ...given, grains };
  // What comes before all parts are there is only forwarded.
  let hear = createForwarder({ config, fireMaster: disk.fireMaster, clock, log });
  const bus = await openOwnBus(config.profile, {
    sockDir: config.sock_dir,
    tcpPort: config.local_tcp_port,
    fireMaster: disk.fireMaster,
    heard: (tag, data) => hear(tag, data),
    clock,
    log,
  });
  const events = createEvents(bus, disk.fireMaster, clock);
  const table = createJobTable(deps.kill, deps.pid);
  const runOwnJob = createOwnJobs({
    id,
    ledger: disk.ledger,
    runner: () => jobs.runner,
    newJid: createOwnJids(id, clock, disk.ledger.has),
    masterNow: () => link.masterNow(),
  });
  const { scheduler, schedules } = await openSchedule({ ...deps, runOwnJob });
  const services = createServices(deps, {
    tellGrains: () => keeper.tell(),
    events,
    jobs: table,
    schedules,
    beacons: { manage: (request) => beacons.manage(request) },
    master: { ask: (...question) => link.ask(...question) },
  });
  const keeper = keepGrains({ ...services, config });
  const mine = createMine(deps, services);
  const beacons = createBeacons(deps, services);
  const jobs = createJobPath({ ...deps, disk, services, table, link: () => link });
  const link: MasterLink = createMasterLink({
    ...deps,
    ...linkSettings(config),
    id,
    privateKey: disk.privateKey,
    info: announcedInfo,
    grains: () => deps.grains.all(),
    received: jobs.receive,
    connected(send) {
      jobs.attach(send);
      disk.outbox.attach(send);
      keeper.tell();
      mine.connected();
      void events.fire('__master_connected', { master: config.master });
    },
    disconnected() {
      jobs.detach();
      disk.outbox.detach();
      void events.fire('__master_disconnected', { master: config.master });
    },
  });
  const reactor = createReactor(deps, services, runOwnJob);
  hear = createHearing({ forward: hear, beacons, reactor, services, status: () => link.status(), log });

  const abort = new AbortController();
  const work = runStarted(deps, { jobs, events, scheduler, link, abort });
  const done = runUntilClosed(work, { keeper, reactor, scheduler, beacons, mine, bus, disk });
  return {
    done,
    localAddresses: bus.addresses,
    link,
    async stop() {
      abort.abort();
      await done.catch(() => undefined);
    },
  };
}

/** Runs until it is told to stop, or until nothing can go on. */
async function runStarted(
  deps: MinionDeps,
  {
    jobs,
    events,
    scheduler,
    link,
    abort,
  }: {
    readonly jobs: ReturnType<typeof createJobPath>;
    readonly events: Events;
    readonly scheduler: Scheduler;
    readonly link: MasterLink;
    readonly abort: AbortController;
  },
): Promise<void> {
  await jobs.runner.reportInterrupted();
  try {
    // The event is kept while the connection is made.
    await Promise.all([
      minionBrokenReferences(deps.config, deps.returners).then((problems) => logBrokenReferences(problems, deps.log)),
      tellStart(events, startData(deps.config, deps.grains, deps.clock), deps),
      scheduler.start().then(() => link.run(abort.signal)),
    ]);
  } finally {
    abort.abort();
  }
}

/** A full disk is no reason not to start: it may be what an operator comes to mend. */
async function tellStart(events: Events, data: Readonly<Record<string, unknown>>, { config, log }: MinionDeps) {
  const tag = `salt/minion/${config.id}/start`;
  try {
    await events.fireMaster(tag, data);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    log.error('an event cannot be kept and is lost', { tag, reason: systemReason(error) });
  }
}

type Hear = ReturnType<typeof createForwarder>;
type Disk = Awaited<ReturnType<typeof openDisk>>;

/** What outlives the process. Throws FILE_UNREADABLE. */
async function openDisk(deps: Omit<MinionDeps, 'grains'>) {
  const { cachedir, sock_dir } = deps.config;
  // Before anything is opened: a second minion on the same directories would spoil the ledger of the first.
  await claimSocket(sock_dir);
  try {
    return await openFiles(deps);
  } catch (cause) {
    if (systemErrorCode(cause) === undefined) throw cause;
    throw new FleetError('FILE_UNREADABLE', `cachedir ${cachedir} cannot be used: ${systemReason(cause)}`, { cause });
  }
}

async function openFiles(deps: Omit<MinionDeps, 'grains'>) {
  const { config, clock, log, pid } = deps;
  await makeFolder('pki_dir', config.pki_dir);
  await makeFolder('cachedir', config.cachedir);
  const release = await claimFolder(config.cachedir, pid);
  // A disk takes its time for each: they wait for it together.
  const [privateKey, ledger, reports] = await Promise.all([
    openPrivateKey(join(config.pki_dir, 'minion.pem')),
    openLedger(join(config.cachedir, 'ledger'), () => nowSeconds(clock), log),
    openReports(deps),
  ]);
  return { privateKey, ledger, ...reports, release };
}

/** What goes to the master, and to returners. */
async function openReports({ config, returners, clock, random, log }: Omit<MinionDeps, 'grains'>) {
  const { id } = config;
  const outbox = await openOutbox({
    folder: join(config.cachedir, 'outbox'),
    bytesMax: config.max_outbox_bytes,
    clock,
    log,
  });
  const fireMaster = createFireMaster(id, outbox, clock);
  const told = (status: ReturnerStatus): void => {
    fireMaster(`salt/minion/${id}/returner`, { ...status }).catch((error: unknown) => {
      log.warning('the state of a returner could not be told', { ...status, reason: String(error) });
    });
  };
  return { outbox, fireMaster, returners: await openReturners({ id, returners, config, clock, random, log, told }) };
}

async function runUntilClosed(
  work: Promise<void>,
  parts: {
    readonly keeper: GrainKeeper;
    readonly reactor: MinionReactor;
    readonly scheduler: Scheduler;
    readonly beacons: RunningBeacons;
    readonly mine: RunningMine;
    readonly bus: OwnBus;
    readonly disk: Disk;
  },
): Promise<void> {
  const { keeper, reactor, scheduler, beacons, mine, bus, disk } = parts;
  try {
    await work;
  } finally {
    keeper.stop();
    await scheduler.stop();
    await reactor.stop();
    mine.stop();
    await beacons.stop();
    await bus.close();
    await disk.returners.stop();
    await disk.outbox.close();
    await disk.ledger.close();
    await disk.release();
  }
}

function createServices(
  { config, grains, modules, returners, clock, log, env }: MinionDeps,
  {
    tellGrains,
    ...parts
  }: { readonly tellGrains: () => void } & Pick<MinionServices, 'events' | 'jobs' | 'schedules' | 'beacons' | 'master'>,
): MinionServices {
  const services: MinionServices = {
    ...parts,
    id: config.id,
    version: VERSION,
    config: { ...config },
    grains: toldGrains(grains, tellGrains),
    returners,
    catalogue: createCatalogue(modules, () => makeContext(services, noScope)),
    clock,
    log,
    env: { ...env },
  };
  return services;
}

function createMine({ config, clock, log }: MinionDeps, services: MinionServices): RunningMine {
  return startMine({
    functions: config.mine_enabled ? readMineFunctions(config.mine_functions) : [],
    intervalMs: config.mine_interval * 60_000,
    context: makeContext(services, noScope),
    master: services.master,
    clock,
    log,
  });
}

function createReactor(deps: MinionDeps, services: MinionServices, runOwnJob: RunOwnJob): MinionReactor {
  const context = makeContext(services, noScope);
  return openMinionReactor({ ...deps, catalogue: services.catalogue, context, runOwnJob });
}

/** What the minion itself does about events of its own bus. */
function createHearing(parts: {
  readonly forward: Hear;
  readonly beacons: RunningBeacons;
  readonly reactor: MinionReactor;
  readonly services: MinionServices;
  readonly status: MasterLink['status'];
  readonly log: Logger;
}): Hear {
  const { forward, reactor, services, log } = parts;
  const context = makeContext(services, noScope);
  return (tag, data) => {
    if (tag === MANAGE_BEACONS) void answerBeaconRequest(data, { ...services, beacons: parts.beacons, log });
    else if (tag === ASK_MASTER) void answerMasterRequest(data, { ...services, log });
    else if (tag === ASK_STATUS) void answerStatusRequest(data, { ...services, status: parts.status, log });
    else if (tag === MANAGE_SCHEDULE) void answerScheduleRequest(data, { ...services, context, log });
    reactor.heard(tag, data);
    forward(tag, data);
  };
}

function createBeacons({ beacons, config, log }: MinionDeps, services: MinionServices): RunningBeacons {
  const { id, events, jobs } = services;
  return startBeacons({
    id,
    folder: beacons,
    config: config.beacons,
    events,
    jobs,
    log,
    contextOf: (signal, beaconLog) => makeContext({ ...services, log: beaconLog }, { ...noScope, stop: { signal } }),
    interfaces: networkInterfaces,
  });
}

function createEvents(bus: OwnBus, fireMaster: Events['fireMaster'], clock: Clock): Events {
  return {
    async fire(tag, data) {
      checkTag(tag, '$local/');
      bus.fire(tag, { _stamp: eventStamp(clock.nowMs()), ...data });
    },
    fireMaster,
  };
}
