import type { Broker } from '../broker/broker.ts';
import type { Clock } from '../shared/clock.ts';
import { macJob, signJob } from '../shared/crypto/job_signature.ts';
import { createJidSource } from '../shared/ids.ts';
import type { Logger } from '../shared/log.ts';
import { eachInTurns } from '../shared/pace.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import type { PluginFolder } from '../shared/plugin/load_folder.ts';
import type { OpenRenderThread } from '../shared/reactor/render_thread.ts';
import { createExternalAuth, type ExternalAuth } from './auth/external_auth.ts';
import { type Observers, openObservers } from './auth/observers.ts';
import { isOfTheMaster, type Operators, openOperators } from './auth/operators.ts';
import type { MasterConfig } from './config.ts';
import { createWire, type WireTap } from './conformance/wire.ts';
import type { MasterContext } from './context.ts';
import { createEventBus, type EventBus } from './events/event_bus.ts';
import { type EventLog, openEventLog } from './events/event_log.ts';
import { createEventStreams, type EventStreams } from './events/event_streams.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { type GrainCache, openGrainCache } from './grains/grain_cache.ts';
import { createGrainIndex } from './grains/grain_index.ts';
import { type Collector, createCollector, holdEnded } from './jobs/collect.ts';
import { createDispatcher, type Dispatcher } from './jobs/dispatch.ts';
import { createIncomingParts, type IncomingParts } from './jobs/incoming_parts.ts';
import { createEndedIndex } from './jobs/index_ended.ts';
import { createJobStore, type JobStore } from './jobs/job_store.ts';
import { createScheduledReturns } from './jobs/scheduled.ts';
import { createControl, type SendControl, type Sign } from './jobs/send_control.ts';
import { createTracker, readOpenJobs, type Tracker } from './jobs/tracker.ts';
import type { TransmitterOptions } from './jobs/transmit.ts';
import { type Authority, openAuthority } from './keys/authority.ts';
import { openAutosign } from './keys/autosign.ts';
import { type Devices, openDevices } from './keys/devices.ts';
import { createEnrollment, type Enrollment } from './keys/enroll.ts';
import { emitKeyEvent } from './keys/key_events.ts';
import { type KeyStore, openKeyStore } from './keys/key_store.ts';
import type { KeyChange } from './keys/key_table.ts';
import type { EntryChange } from './keys/private_entries.ts';
import { createRotation, type Rotation } from './keys/rotation.ts';
import { createTokenStore, type TokenStore } from './keys/tokens.ts';
import { type Observations, observeJobs } from './metrics/observations.ts';
import { createMine, type Mine } from './mine/mine.ts';
import { type AuditLog, auditFile, openAuditLog } from './permissions/audit_log.ts';
import { readBlacklist, readRules } from './permissions/permission_rules.ts';
import { createPermissions, type Permissions } from './permissions/permissions.ts';
import { sendDecisions } from './receive.ts';
import { createMasterReturners, type MasterReturners } from './returners.ts';
import type { Store } from './store/store.ts';

const NEW_KEYS_PER_MINUTE = 600;
const PENDING_KEYS_MAX = 10_000;

export interface MasterDeps {
  readonly config: MasterConfig;
  readonly runners: PluginFolder<ModuleSpec<MasterContext>>;
  readonly wheel: PluginFolder<ModuleSpec<MasterContext>>;
  /** The user that owns the process: who may open the unix socket is this operator. */
  readonly owner: string;
  readonly clock: Clock;
  readonly openRenderThread: OpenRenderThread;
  /** Whether the system knows that user by that password. */
  readonly checkPam: (user: string, password: string) => Promise<boolean>;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
}

/** What the parts of a master share. */
export interface Parts {
  readonly authority: Authority;
  readonly rotation: Rotation;
  readonly keys: KeyStore;
  readonly tokens: TokenStore;
  readonly operators: Operators;
  readonly observers: Observers;
  readonly audit: AuditLog | undefined;
  readonly permissions: Permissions;
  readonly external: ExternalAuth;
  readonly wire: WireTap;
  readonly devices: Devices;
  readonly enrollment: Enrollment;
  readonly bus: EventBus;
  readonly eventLog: EventLog;
  readonly streams: EventStreams;
  readonly returners: MasterReturners;
  readonly fleet: Fleet;
  readonly jobs: JobStore;
  readonly tracker: Tracker;
  readonly dispatcher: Dispatcher;
  readonly sendControl: SendControl;
  readonly collector: Collector;
  readonly incomingParts: IncomingParts;
  readonly mine: Mine;
  readonly grainCache: GrainCache;
  readonly newJid: () => string;
}

/** Opens the disk and joins the parts; the broker comes last and is asked for when it is needed. */
export async function createParts(
  deps: MasterDeps,
  store: Store,
  observations: Observations,
  broker: () => Broker | undefined,
): Promise<Parts> {
  const { config, clock, log } = deps;
  const { pki_dir: pkiDir } = config;
  const authority = await openAuthority({ pkiDir, clock, minionCertDays: config.minion_cert_days });
  const jobs = createJobStore(store);
  const grainCache = await openGrainCache(store);
  const mine = createMine({ store, clock, bytesMax: config.mine_bytes });
  const events = openEvents(deps, store, broker);
  const { bus } = events;
  const keys = await openKeyStore({
    pkiDir,
    keysMax: config.max_minions,
    pendingMax: PENDING_KEYS_MAX,
    onChange: (change) => keyChanged(change, minionParts(), broker()),
    log,
  });
  const devices = await openDevices(pkiDir, (id, change) => deviceChanged(id, change, minionParts(), broker()));
  const minionParts = () => ({ bus, fleet, enrollment, dispatcher, mine, grainCache, log });
  const tokens = createTokenStore({ pkiDir, clock });
  const enrollment = createEnrollment({
    store: keys,
    authority,
    tokens,
    autosign: await openAutosign(autosignOptions(config, clock, log)),
    emit: bus.emit,
    clock,
    isTaken: (id) => devices.get(id) !== undefined,
    newKeysPerMinute: NEW_KEYS_PER_MINUTE,
  });
  const returners = await createMasterReturners({ config, bus, clock, random: deps.random, log });
  const index = createGrainIndex(grainCache);
  const fleet = createFleet({
    acceptedIds: () => [...keys.acceptedIds(), ...devices.ids()],
    devices,
    index,
    nodegroups: config.nodegroups,
    clock,
  });
  const operators = await openOperators(pkiDir, config.operators, clock, (user) => {
    // The owner's commands come through the unix socket, one of them being this very change.
    if (user !== deps.owner) broker()?.disconnect({ role: 'operator', id: user }, 'its password was changed');
  });
  const audit = config.audit_log ? await openAuditLog(auditFile(config), clock, log) : undefined;
  const { root_dir: root, external_auth: rules } = config;
  const external = createExternalAuth({ rules, root, pam: deps.checkPam, clock, log });
  const permissions = openPermissions(deps, { fleet, operators, external }, audit);
  const shared = { jobs, bus, fleet, authority, devices, returners, permissions };
  const jobPath = await createJobPath(deps, shared, observations, broker);
  const { dispatcher } = jobPath;
  const observers = await openObservers(pkiDir, (name) => {
    broker()?.disconnect({ role: 'observer', id: name }, 'its password was changed');
  });
  return {
    authority,
    rotation: createRotation({ authority, fleet, devices, broker, emit: bus.emit, clock }),
    keys,
    tokens,
    operators,
    observers,
    audit,
    external,
    permissions,
    wire: createWire(broker, createSign({ authority, devices })),
    devices,
    enrollment,
    returners,
    fleet,
    jobs,
    mine,
    grainCache,
    ...events,
    ...jobPath,
  };
}

function openEvents({ config, clock, log }: MasterDeps, store: Store, broker: () => Broker | undefined) {
  const keepMs = config.event_log_seconds * 1000;
  const eventLog = openEventLog({ store, keepMs, bytesMax: config.event_log_bytes, clock, log });
  const bus = createEventBus({ eventLog, publish: (packet) => broker()?.publish(packet), clock, log });
  const streams = createEventStreams({ eventLog, backlogOf: (topic) => broker()?.backlogOf(topic), clock });
  return { eventLog, streams, bus };
}

async function createJobPath(
  deps: MasterDeps,
  parts: Pick<Parts, 'jobs' | 'bus' | 'fleet' | 'authority' | 'devices' | 'returners' | 'permissions'>,
  observations: Observations,
  broker: () => Broker | undefined,
) {
  const { config, clock, random, log } = deps;
  const { jobs, bus, devices, returners } = parts;
  const observeJob = observeJobs(observations, () => clock.nowMs());
  const indexEnded = createEndedIndex((packet) => broker()?.publish(packet), config.slow_job_seconds * 1000);
  const tracker = createTracker({
    jobs,
    open: await readOpenJobs(jobs),
    clock,
    log,
    eventOf: (record, update) => holdEnded(bus, record, update),
    ended(record, update) {
      observeJob(record, update);
      indexEnded(record, update);
      dispatcher.ended(record.jid, update.id, update.state !== 'succeeded');
    },
  });
  const newJid = createFreeJids(clock, jobs);
  const sign = createSign(parts);
  const send: TransmitterOptions['send'] = (id, packet, acknowledged) =>
    broker()?.send(id, packet, acknowledged) ?? false;
  const sendControl = createControl({ sign, send, infoOf: parts.fleet.info, clock, log });
  const dispatcher = createDispatcher({
    ...parts,
    tracker,
    random,
    keep: returners.keepJob,
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
    refused: (record, ended) =>
      eachInTurns(ended, ([id, row]) => indexEnded(record, { reason: undefined, result: undefined, ...row, id })),
    permit: (user, { jid, tgt, fun, arg, kwarg, minions }) =>
      parts.permissions.check(user, { op: 'job', fun, arg, kwarg, minions, tgt, jid }),
    pullsBlocks: (id) => devices.get(id)?.blocks === true,
    sign,
    sendControl,
    kid: () => parts.authority.kid,
    send,
  });
  const takeScheduled = createScheduledReturns({
    jobs,
    clock,
    log,
    newJid,
    keep: returners.keepOwnJob,
    eventOf: (record, update) => holdEnded(bus, record, update),
  });
  const incomingParts = createIncomingParts({ jobs, tracker, dispatcher, clock, log });
  const collector = createCollector({
    tracker,
    dispatcher,
    bus,
    log,
    keep: returners.keepReturn,
    takeScheduled,
    parts: incomingParts,
    sendControl,
    repeated: () => observations.repeated?.(),
  });
  return { tracker, newJid, dispatcher, sendControl, collector, incomingParts };
}

function openPermissions(
  { config, owner }: MasterDeps,
  { fleet, operators, external }: Pick<Parts, 'fleet' | 'operators' | 'external'>,
  audit: AuditLog | undefined,
): Permissions {
  const { publisher_acl: acl, publisher_acl_blacklist: blacklist } = config;
  return createPermissions({
    rules: Object.keys(acl).length === 0 ? undefined : readRules(acl),
    blacklist: readBlacklist(blacklist),
    owner,
    isOfTheMaster,
    external: external.permissionsOf,
    expired: operators.expired,
    match: (target) => fleet.match(target, 'compound'),
    audit,
  });
}

function createSign({ authority, devices }: Pick<Parts, 'authority' | 'devices'>): Sign {
  return (payload, encoding, id, kind = 'job') => {
    const key = devices.get(id)?.hmacKey;
    if (key !== undefined) return Promise.resolve(macJob(payload, id, key, kind));
    return signJob({ payload, encoding, id, kid: authority.kid, privateKey: authority.signingKey, kind });
  };
}

/** Minions make ids too, for the jobs that they give themselves. */
function createFreeJids(clock: Clock, jobs: JobStore): () => string {
  const next = createJidSource(clock, jobs.lastJid());
  return () => {
    let jid = next();
    while (jobs.header(jid) !== undefined) jid = next();
    return jid;
  };
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

type MinionParts = Pick<Parts, 'bus' | 'fleet' | 'enrollment' | 'dispatcher' | 'mine' | 'grainCache'> & {
  readonly log: Logger;
};

/** Rejected and deleted minions are gone at once; whoever waits for a decision hears it at once. */
function keyChanged(change: KeyChange, parts: MinionParts, broker: Broker | undefined): void {
  const { bus, enrollment } = parts;
  emitKeyEvent(change, bus.emit);
  if (broker === undefined) return;
  if (change.from === 'accepted') {
    endMinion(change.id, `its key is ${change.to ?? 'deleted'}`, parts, broker);
    if (change.keepsCache !== true) forgetMinion(change.id, parts);
  }
  if (change.by !== 'offer') sendDecisions(broker, enrollment.decided(change.id));
}

function deviceChanged(id: string, change: EntryChange, parts: MinionParts, broker: Broker | undefined): void {
  parts.bus.emit('salt/key', { id, act: change === 'removed' ? 'delete' : 'accept', result: true });
  if (broker === undefined) return;
  if (change === 'removed') {
    endMinion(id, 'it was deleted', parts, broker);
    forgetMinion(id, parts);
  } else if (change === 'replaced') broker.disconnect({ role: 'minion', id }, 'its password was replaced');
}

/** Gone at once, and nothing of it is waited for. */
function endMinion(id: string, reason: string, parts: MinionParts, broker: Broker): void {
  const { fleet, dispatcher } = parts;
  broker.forget(id, reason);
  fleet.forget(id);
  dispatcher.abandon(id, reason);
}

/** What it told of itself is not kept. */
function forgetMinion(id: string, { mine, grainCache, log }: MinionParts): void {
  Promise.all([mine.remove(id), grainCache.remove(id)]).catch((error: unknown) => {
    log.error('what a minion told of itself could not be removed', { minion: id, error: String(error) });
  });
}
