import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Broker, createBroker } from '../broker/broker.ts';
import type { ListenerOptions } from '../broker/broker_options.ts';
import { type Clock, nowSeconds } from '../shared/clock.ts';
import { signJob } from '../shared/crypto/job_signature.ts';
import { createJidSource } from '../shared/ids.ts';
import type { Logger } from '../shared/log.ts';
import { makeFolder } from '../shared/make_folder.ts';
import { operatorSocketName } from '../shared/paths.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import type { PluginFolder } from '../shared/plugin/load_folder.ts';
import { messageTable } from '../shared/protocol/message_table.ts';
import { MasterBeacon } from '../shared/protocol/messages/event.ts';
import { VERSION } from '../shared/version.ts';
import { type CallSettings, createCallRunner } from './call_runner.ts';
import { brokerLimits, type MasterConfig } from './config.ts';
import type { MasterContext } from './context.ts';
import { createEventBus, type EventBus } from './events/event_bus.ts';
import { type EventLog, openEventLog } from './events/event_log.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { type Collector, createCollector, holdEnded } from './jobs/collect.ts';
import { createDispatcher, type Dispatcher } from './jobs/dispatch.ts';
import { createJobStore, type JobStore } from './jobs/job_store.ts';
import { sweepJobs } from './jobs/sweep.ts';
import { createTracker, type Tracker } from './jobs/tracker.ts';
import { type Authority, openAuthority } from './keys/authority.ts';
import { createAutosign } from './keys/autosign.ts';
import { createEnrollment, type Enrollment } from './keys/enroll.ts';
import { emitKeyEvent } from './keys/key_events.ts';
import { type KeyStore, openKeyStore } from './keys/key_store.ts';
import type { KeyChange } from './keys/key_table.ts';
import { createTokenStore, type TokenStore } from './keys/tokens.ts';
import { createMine, type Mine } from './mine/mine.ts';
import { type Operators, openOperators } from './operators.ts';
import { createReceiver, sendDecisions } from './receive.ts';
import { createRequestService } from './requests/answer_requests.ts';
import { createMasterReturners, type MasterReturners } from './returners.ts';
import { createOperatorService } from './serve_operator.ts';
import { openLmdbStore } from './store/lmdb_store.ts';
import type { Store } from './store/store.ts';

const SWEEP_MS = 1000;
const RETENTION_SWEEP_MS = 60_000;
/** More often: a burst of events fills a disk sooner than jobs do. */
const EVENT_SWEEP_MS = 5000;
const BEACON_MS = 60_000;
/** Salt's loop_interval. */
const PRESENCE_MS = 60_000;
/** Jobs removed at a time, so that the event loop stays free. */
const RETENTION_BATCH = 200;
const NEW_KEYS_PER_MINUTE = 600;
const PENDING_KEYS_MAX = 10_000;

export interface MasterDeps {
  readonly config: MasterConfig;
  readonly runners: PluginFolder<ModuleSpec<MasterContext>>;
  readonly wheel: PluginFolder<ModuleSpec<MasterContext>>;
  /** The user that owns the process: who may open the unix socket is this operator. */
  readonly owner: string;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
}

export interface Master {
  /** Of the unix socket, the TLS and, when configured, the TCP listener. */
  readonly addresses: readonly string[];
  readonly fingerprint: string;
  /** For those in this process: benchmarks and tests of the master's own API. */
  readonly context: (user: string) => MasterContext;
  stop(): Promise<void>;
}

/** What the parts of a master share. */
interface Parts {
  readonly authority: Authority;
  readonly keys: KeyStore;
  readonly tokens: TokenStore;
  readonly operators: Operators;
  readonly enrollment: Enrollment;
  readonly bus: EventBus;
  readonly eventLog: EventLog;
  readonly returners: MasterReturners;
  readonly fleet: Fleet;
  readonly jobs: JobStore;
  readonly tracker: Tracker;
  readonly dispatcher: Dispatcher;
  readonly collector: Collector;
  readonly mine: Mine;
  readonly newJid: () => string;
}

/** The composition root: what a master is, from top to bottom. */
export async function startMaster(deps: MasterDeps): Promise<Master> {
  const { config, clock, log } = deps;
  await makeFolder('pki_dir', config.pki_dir);
  await makeFolder('cachedir', config.cachedir);
  await makeFolder('sock_dir', config.sock_dir, 0o755);
  const store = openLmdbStore(join(config.cachedir, 'store'));
  // The broker is made last, from what the parts know; until then nobody is connected to send anything to.
  let broker: Broker | undefined;
  const parts = await createParts(deps, store, () => broker);
  const setting = { out: undefined, retcode: undefined };
  const context = (user: string, settings: CallSettings = { ...setting }) =>
    makeContext(deps, parts, () => broker, user, settings);
  const callRunner = createCallRunner({ context, runners: deps.runners, wheel: deps.wheel, newJid: parts.newJid });
  const serveOperator = createOperatorService({
    context,
    callRunner,
    publish: (packet) => broker?.publish(packet),
    log,
  });
  const running = await createBroker({
    table: messageTable,
    listeners: listenersOf(config, parts.authority),
    identities: {
      refuseMinion: parts.keys.refuseMinion,
      isOperator: parts.operators.isOperator,
      owner: deps.owner,
    },
    limits: brokerLimits(config),
    handlers: createReceiver({
      ...parts,
      broker: () => broker,
      presenceEvents: config.presence_events,
      serveOperator,
      answerRequest: createRequestService({
        context: { ...parts, config, context, callRunner, clock },
        send: (id, packet) => void broker?.send(id, packet),
        openMax: config.max_open_requests,
        log,
      }),
      log,
    }),
    clock,
    log,
  });
  broker = running;
  const timers = startTimers(deps, parts, running);
  log.info('the master is up', { listening: running.addresses.join(' '), version: VERSION });
  return {
    addresses: running.addresses,
    fingerprint: parts.authority.fingerprint,
    context,
    async stop() {
      for (const timer of timers) timer.stop();
      await running.close();
      await parts.returners.stop();
      await parts.eventLog.flush();
      await store.close();
    },
  };
}

async function createParts(deps: MasterDeps, store: Store, broker: () => Broker | undefined): Promise<Parts> {
  const { config, clock, log } = deps;
  const jobs = createJobStore(store);
  const mine = createMine({ store, clock, bytesMax: config.mine_bytes });
  const { pki_dir: pkiDir } = config;
  const authority = await openAuthority({ pkiDir, clock, minionCertDays: config.minion_cert_days });
  const jobs = createJobStore(store);
  const { eventLog, bus } = openEvents(deps, store, broker);
  const keys = await openKeyStore({
    pkiDir,
    keysMax: config.max_minions,
    pendingMax: PENDING_KEYS_MAX,
    onChange: (change) => keyChanged(change, { bus, fleet, enrollment, dispatcher, mine, log }, broker()),
    log,
  });
  const tokens = createTokenStore({ pkiDir, clock });
  const enrollment = createEnrollment({
    store: keys,
    authority,
    tokens,
    autosign: createAutosign(autosignOptions(config, clock, log)),
    emit: bus.emit,
    clock,
    newKeysPerMinute: NEW_KEYS_PER_MINUTE,
  });
  const returners = await createMasterReturners({ config, bus, clock, random: deps.random, log });
  const fleet = createFleet({ acceptedIds: () => keys.list().accepted, clock });
  const tracker = createTracker({
    jobs,
    clock,
    log,
    eventOf: (record, update) => holdEnded(bus, record, update),
    ended(record, update) {
      dispatcher.ended(record.jid, update.id, update.state !== 'succeeded');
    },
  });
  const newJid = createJidSource(clock, jobs.lastJid());
  const dispatcher = createDispatcher({
    tracker,
    jobs,
    random: deps.random,
    keep: returners.keepJob,
    fleet,
    bus,
    newJid,
    clock,
    log,
    timeoutSeconds: config.timeout,
    queueForSeconds: config.job_queue_for,
    runSeconds: config.job_timeout,
    limits: {
      queuedPerMinionMax: config.job_queue_max_per_minion,
      openMax: config.job_queue_max_total,
      inflightMax: config.max_inflight,
    },
    sign: (payload, encoding, id) =>
      signJob({ payload, encoding, id, kid: authority.kid, privateKey: authority.signingKey }),
    send: (id, packet, acknowledged) => broker()?.send(id, packet, acknowledged) ?? false,
  });
  const collector = createCollector({ tracker, dispatcher, bus, log, keep: returners.keepReturn });
  const operators = await openOperators(pkiDir, config.operators, (user) => {
    // The owner's commands come through the unix socket, one of them being this very change.
    if (user !== deps.owner) broker()?.disconnect({ role: 'operator', id: user }, 'its password was changed');
  });
  return {
    returners,
    authority,
    keys,
    tokens,
    operators,
    enrollment,
    bus,
    eventLog,
    fleet,
    jobs,
    tracker,
    dispatcher,
    collector,
    mine,
    newJid,
  };
}

function openEvents({ config, clock, log }: MasterDeps, store: Store, broker: () => Broker | undefined) {
  const keepMs = config.event_log_seconds * 1000;
  const eventLog = openEventLog({ store, keepMs, bytesMax: config.event_log_bytes, clock, log });
  const bus = createEventBus({ eventLog, publish: (packet) => broker()?.publish(packet), clock, log });
  return { eventLog, bus };
}

function autosignOptions(config: MasterConfig, clock: Clock, log: Logger) {
  return {
    pkiDir: config.pki_dir,
    autoAccept: config.auto_accept,
    autosignFile: config.autosign_file ?? '',
    autorejectFile: config.autoreject_file ?? '',
    autosignGrainsDir: config.autosign_grains_dir ?? '',
    autosignTimeoutMinutes: 120,
    trustedGroups: [],
    clock,
    log,
  };
}

/** Rejected and deleted minions are gone at once; whoever waits for a decision hears it at once. */
function keyChanged(
  change: KeyChange,
  parts: Pick<Parts, 'bus' | 'fleet' | 'enrollment' | 'dispatcher' | 'mine'> & { readonly log: Logger },
  broker: Broker | undefined,
): void {
  const { bus, fleet, enrollment, dispatcher, mine, log } = parts;
  emitKeyEvent(change, bus.emit);
  if (broker === undefined) return;
  if (change.from === 'accepted') {
    const reason = `its key is ${change.to ?? 'deleted'}`;
    broker.disconnect({ role: 'minion', id: change.id }, reason);
    fleet.forget(change.id);
    dispatcher.abandon(change.id, reason);
    mine.remove(change.id).catch((error: unknown) => {
      log.error('the mine of a minion could not be removed', { minion: change.id, error: String(error) });
    });
  }
  if (change.by !== 'offer') sendDecisions(broker, enrollment.decided(change.id));
}

function makeContext(
  deps: MasterDeps,
  parts: Parts,
  broker: () => Broker | undefined,
  user: string,
  settings: CallSettings,
): MasterContext {
  return {
    ...parts,
    user,
    version: VERSION,
    config: deps.config,
    dispatchJob: (request) => parts.dispatcher.dispatchJob(request, user),
    cancelJob: (jid, ids) => parts.dispatcher.cancel(jid, ids, `cancelled by ${user}`),
    counters: () => broker()?.counters() ?? {},
    clock: deps.clock,
    log: deps.log,
    setOut(outputter) {
      settings.out = outputter;
    },
    setRetcode(retcode) {
      settings.retcode = retcode;
    },
  };
}

function listenersOf(config: MasterConfig, authority: Authority): ListenerOptions[] {
  const { keyPem, certPem } = authority.serverTls();
  const tls = {
    kind: 'tls',
    host: config.interface,
    port: config.tls_port,
    keyPem,
    certPem,
    caPem: authority.caPem,
  } as const;
  const unix = {
    kind: 'unix',
    path: join(config.sock_dir, operatorSocketName),
    role: 'operator',
    mode: 0o600,
  } as const;
  if (config.tcp_interface === null) return [unix, tls];
  return [unix, tls, { kind: 'tcp', host: config.tcp_interface, port: config.tcp_port, role: 'operator' }];
}

function startTimers(
  { config, clock, log }: MasterDeps,
  { tracker, dispatcher, fleet, jobs, authority, bus, eventLog }: Parts,
  broker: Broker,
) {
  const limits = {
    startGraceSeconds: config.job_start_timeout,
    stepSeconds: config.job_step_timeout,
    runSeconds: config.job_timeout,
  };
  const boot = randomBytes(4).toString('hex');
  const beacon = (): void => {
    const payload = { boot, time: nowSeconds(clock), v: 1, kid: authority.kid, version: `brine ${VERSION}` } as const;
    broker.publish(MasterBeacon.encode({}, payload, 'json'));
  };
  beacon();
  return [
    clock.every(SWEEP_MS, () => {
      void sweepJobs(tracker, limits, clock);
      for (const id of fleet.onlineIds()) dispatcher.flush(id);
    }),
    clock.every(BEACON_MS, beacon),
    clock.every(PRESENCE_MS, () => {
      if (config.presence_events) bus.emit('salt/presence/present', { present: fleet.onlineIds() });
    }),
    clock.every(EVENT_SWEEP_MS, () => {
      eventLog.sweep().catch((error: unknown) => {
        log.error('old events could not be removed', { error: String(error) });
      });
    }),
    clock.every(RETENTION_SWEEP_MS, () => {
      if (config.keep_jobs_seconds === 0) return;
      const before = new Date(clock.nowMs() - config.keep_jobs_seconds * 1000).toISOString().replace(/\D/g, '');
      jobs.removeBefore(before, RETENTION_BATCH).catch((error: unknown) => {
        log.error('old jobs could not be removed', { error: String(error) });
      });
    }),
  ];
}
