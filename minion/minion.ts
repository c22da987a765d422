import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type Clock, nowSeconds } from '../shared/clock.ts';
import { openPrivateKey } from '../shared/crypto/private_file.ts';
import { FleetError } from '../shared/errors.ts';
import { eventStamp } from '../shared/event_stamp.ts';
import { mayFire } from '../shared/event_tags.ts';
import type { Logger } from '../shared/log.ts';
import { makeFolder } from '../shared/make_folder.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import type { PluginFolder } from '../shared/plugin/load_folder.ts';
import { destinationsOf } from '../shared/plugin/open_returner.ts';
import { openReturners } from '../shared/plugin/open_returners.ts';
import { toStoredReturn } from '../shared/plugin/returner.ts';
import { checkTag } from '../shared/protocol/event_tag.ts';
import type { Packet } from '../shared/protocol/message.ts';
import { Fire } from '../shared/protocol/messages/event.ts';
import type { InfoPayload } from '../shared/protocol/messages/job.ts';
import { Ack, type AckPayload } from '../shared/protocol/messages/return.ts';
import type { Scheduler } from '../shared/schedule/scheduler.ts';
import { VERSION } from '../shared/version.ts';
import type { AnyBeacon } from './beacon.ts';
import { type RunningBeacons, startBeacons } from './beacons.ts';
import { createCatalogue } from './catalogue.ts';
import type { MinionConfig } from './config.ts';
import type { Events, Grains, MinionContext, Schedules } from './context.ts';
import { createForwarder } from './forward_events.ts';
import { createExclusive } from './jobs/exclusive.ts';
import { type ExecuteOptions, executeJob } from './jobs/execute.ts';
import { createJobRunner } from './jobs/job_runner.ts';
import { createJobTable, type JobTable } from './jobs/job_table.ts';
import { openLedger } from './jobs/ledger.ts';
import { type Outbox, openOutbox } from './jobs/outbox.ts';
import type { Progress } from './jobs/progress.ts';
import { createReceiver } from './jobs/receive.ts';
import { answerBeaconRequest, MANAGE_BEACONS } from './lib/beacon/beacon_requests.ts';
import { claimSocket, type Loopback, startLoopback } from './loopback.ts';
import { type MinionServices, makeContext } from './make_context.ts';
import { createMasterLink, type MasterLink } from './master_link.ts';
import { openSchedule } from './schedule/open_schedule.ts';

const HEARTBEAT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 30_000;

export interface MinionDeps {
  readonly config: MinionConfig;
  readonly modules: PluginFolder<ModuleSpec<MinionContext>>;
  readonly beacons: PluginFolder<AnyBeacon>;
  readonly grains: Grains;
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
}

/** The composition root: what a minion is, from top to bottom. */
export async function startMinion(deps: MinionDeps): Promise<Minion> {
  const { config, clock, log } = deps;
  const { id } = config;
  // Before anything is opened: a second minion on the same directories would spoil the ledger of the first.
  await claimSocket(config.sock_dir);
  const disk = await openDisk(deps);
  const fireMaster = createFireMaster(id, disk.outbox, clock);
  const forward = createForwarder({ config, fireMaster, clock, log });
  const loopback = await startLoopback({
    sockDir: config.sock_dir,
    tcpPort: config.local_tcp_port,
    fireMaster,
    heard(tag, data) {
      if (tag === MANAGE_BEACONS) void answerBeaconRequest(data, { beacons, events, log });
      forward(tag, data);
    },
    clock,
    log,
  });
  const events = createEvents(loopback, fireMaster, clock);
  const table = createJobTable(deps.kill, deps.pid);
  const { scheduler, schedules } = await openSchedule({
    ...deps,
    ledger: disk.ledger,
    runner: () => jobs.runner,
    masterNow: () => link.masterNow(),
  });
  const services = createServices(deps, events, table, schedules, () => beacons);
  const beacons = createBeacons(deps, services);
  const jobs = createJobPath(deps, disk, services, table, () => link);
  const link: MasterLink = createMasterLink({
    ...linkSettings(config),
    id,
    privateKey: disk.privateKey,
    info: infoOf,
    grains: () => deps.grains.all(),
    clock,
    random: deps.random,
    log,
    received: jobs.receive,
    connected(send) {
      jobs.attach(send);
      disk.outbox.attach(send);
      void events.fire('__master_connected', { master: config.master });
    },
    disconnected() {
      jobs.detach();
      disk.outbox.detach();
      void events.fire('__master_disconnected', { master: config.master });
    },
  });

  const abort = new AbortController();
  const work = async (): Promise<void> => {
    await jobs.runner.reportInterrupted();
    await events.fireMaster(`salt/minion/${id}/start`, startData(config, deps.grains, clock));
    await scheduler.start();
    await link.run(abort.signal);
  };
  const done = runUntilClosed(work(), scheduler, beacons, loopback, disk);
  return {
    done,
    localAddresses: loopback.addresses,
    async stop() {
      abort.abort();
      await done.catch(() => undefined);
    },
  };
}

type Disk = Awaited<ReturnType<typeof openDisk>>;

/** What outlives the process. */
async function openDisk({ config, clock, random, log }: MinionDeps) {
  await makeFolder('pki_dir', config.pki_dir);
  await makeFolder('cachedir', config.cachedir);
  return {
    privateKey: await openPrivateKey(join(config.pki_dir, 'minion.pem')),
    ledger: await openLedger(join(config.cachedir, 'ledger'), () => nowSeconds(clock)),
    returners: await openReturners({ id: config.id, config, clock, random, log }),
    outbox: await openOutbox({ folder: join(config.cachedir, 'outbox'), bytesMax: config.max_outbox_bytes, log }),
  };
}

async function runUntilClosed(
  work: Promise<void>,
  scheduler: Scheduler,
  beacons: RunningBeacons,
  loopback: Loopback,
  { ledger, returners }: Disk,
): Promise<void> {
  try {
    await work;
  } finally {
    await scheduler.stop();
    await beacons.stop();
    await loopback.close();
    await returners.stop();
    await ledger.close();
  }
}

function createServices(
  deps: MinionDeps,
  events: Events,
  table: JobTable,
  schedules: Schedules,
  beacons: () => RunningBeacons,
): MinionServices {
  const { config, clock, log, env } = deps;
  const services: MinionServices = {
    id: config.id,
    version: VERSION,
    config: { ...config },
    grains: deps.grains,
    events,
    jobs: table,
    schedules,
    beacons: { manage: (request) => beacons().manage(request) },
    catalogue: createCatalogue(deps.modules, () => makeContext(services, noScope)),
    clock,
    log,
    env,
  };
  return services;
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
    contextOf: (signal, beaconLog) => makeContext({ ...services, log: beaconLog }, { ...noScope, signal }),
    interfaces: networkInterfaces,
  });
}

/** From a packet of the master to a return in the outbox: hops five and six. */
function createJobPath(
  deps: MinionDeps,
  { ledger, outbox, returners }: Disk,
  services: MinionServices,
  table: JobTable,
  link: () => MasterLink,
) {
  const { config, clock, log } = deps;
  const { id, catalogue, events } = services;
  let publish: ((packet: Packet) => Promise<void>) | undefined;
  // Acknowledgements are worth nothing later: what they would say, a return or a repeat of the job will.
  const acknowledge = (jid: string, ack: AckPayload): void => {
    publish?.(Ack.encode({ jid, id }, ack)).catch((error: unknown) => {
      log.debug('an acknowledgement was not delivered', { jid, error: String(error) });
    });
  };
  const contextOf =
    (progress: Progress): ExecuteOptions['contextOf'] =>
    ({ jid }, signal, outcome) =>
      makeContext(services, {
        jid,
        signal,
        outcome,
        onChild: (pid, ended) => table.child(jid, pid, ended),
        progress: progress.add,
      });
  const exclusive = createExclusive(deps.pid, () => eventStamp(clock.nowMs()));
  const shared = { id, ledger, table, clock, log, masterNow: () => link().masterNow(), acknowledge };
  const runner = createJobRunner({
    ...shared,
    outbox,
    processCountMax: config.process_count_max,
    returnBytesMax: config.max_return_size,
    heartbeatMs: HEARTBEAT_MS,
    pid: deps.pid,
    async keep(job, result) {
      const to = [...destinationsOf(config.return), ...destinationsOf(job.ret, job)];
      const value = toStoredReturn(result, job, eventStamp(clock.nowMs()));
      if (to.length > 0) await returners.add(to, { kind: 'return', value });
    },
    execute: (job, signal, progress) =>
      executeJob({ id, catalogue, clock, log, exclusive, contextOf: contextOf(progress) }, job, signal),
    notice: (what, job, result) => void events.fire(`salt/job/${job.jid}/${what}`, noticeOf(job, result)),
  });
  const receive = createReceiver({
    ...shared,
    signingKey: (kid) => link().signingKey(kid),
    knowsMasterTime: () => link().knowsMasterTime(),
    busy: () => (outbox.isFull() ? 'the outbox is full: the master must take returns first' : undefined),
    run: (job) => runner.run(job),
    cancel: (jid) => runner.cancel(jid),
    askForKeys: () => link().askForKeys(),
    other: (topic, payload) => link().answer(topic, payload),
  });
  return {
    runner,
    receive,
    attach(send: (packet: Packet) => Promise<void>): void {
      publish = send;
      // The master may have been restarted, or may have given up what it did not hear of.
      for (const { jid } of table.running()) acknowledge(jid, { st: 'run' });
    },
    detach(): void {
      publish = undefined;
    },
  };
}

const noScope = {
  jid: undefined,
  signal: new AbortController().signal,
  outcome: { retcode: undefined, out: undefined },
};

/** The time an event was fired stays with it, however long it waits in the outbox. */
function createFireMaster(id: string, outbox: Outbox, clock: Clock): Events['fireMaster'] {
  return async (tag, data) => {
    checkTag(tag, `salt/fire/${id}/`);
    if (!mayFire(id, tag)) {
      throw new FleetError('NOT_PERMITTED', `a minion may not fire events of tag ${tag}`, {
        hint: 'use a tag of your own with at least one /, such as myapp/deployed',
      });
    }
    await outbox.add('event', Fire.encode({ id, tag }, { _stamp: eventStamp(clock.nowMs()), ...data }));
  };
}

function createEvents(loopback: Loopback, fireMaster: Events['fireMaster'], clock: Clock): Events {
  return {
    async fire(tag, data) {
      checkTag(tag, '$local/');
      loopback.fire(tag, { _stamp: eventStamp(clock.nowMs()), ...data });
    },
    fireMaster,
  };
}

function linkSettings(config: MinionConfig) {
  const { host, port } = masterAddress(config);
  return {
    host,
    port,
    pkiDir: config.pki_dir,
    masterFinger: config.master_finger,
    token: config.enroll_token ?? '',
    keepaliveSeconds: config.keepalive_seconds,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    acceptanceWaitMs: config.acceptance_wait_time * 1000,
    reconnect: { firstMs: config.recon_default, maxMs: config.recon_max },
  };
}

/** `host`, `host:port`, `[v6]:port`. */
export function masterAddress({ master, master_port }: Pick<MinionConfig, 'master' | 'master_port'>): {
  readonly host: string;
  readonly port: number;
} {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(master);
  return { host: match?.[1] ?? match?.[2] ?? master, port: match?.[3] === undefined ? master_port : Number(match[3]) };
}

function infoOf(): InfoPayload {
  return { v: 1, version: `brine ${VERSION}`, max_packet: 262_144, window: 16, enc: 'cbor', sig: 'ed25519' };
}

/** Salt's text of `salt/minion/<id>/start`. */
function startData(
  { id, start_event_grains }: MinionConfig,
  grains: Grains,
  clock: Clock,
): Readonly<Record<string, unknown>> {
  const all = grains.all();
  const chosen = start_event_grains.filter((name) => Object.hasOwn(all, name)).map((name) => [name, all[name]]);
  return {
    data: `Minion ${id} started at ${new Date(clock.nowMs()).toUTCString()}`,
    ...(chosen.length > 0 && { grains: Object.fromEntries(chosen) }),
  };
}

function noticeOf(
  job: { jid: string; fun: string; arg?: unknown[] | undefined },
  result?: { retcode: number; success?: boolean | undefined },
) {
  const { jid, fun, arg = [] } = job;
  return { jid, fun, arg, ...(result !== undefined && { retcode: result.retcode, success: result.success }) };
}
