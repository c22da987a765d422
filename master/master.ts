import { join } from 'node:path';
import { type Broker, createBroker } from '../broker/broker.ts';
import type { IdentityStore, ListenerOptions } from '../broker/broker_options.ts';
import { claimSocketIn } from '../broker/unix_socket.ts';
import { logBrokenReferences } from '../shared/broken_references.ts';
import { growFileTable } from '../shared/disk/grow_file_table.ts';
import { makeFolder } from '../shared/make_folder.ts';
import { operatorSocketName } from '../shared/paths.ts';
import type { Packet } from '../shared/protocol/message.ts';
import { messageTable } from '../shared/protocol/message_table.ts';
import { VERSION } from '../shared/version.ts';
import { masterBrokenReferences } from './broken_references.ts';
import { type CallSettings, createCallRunner, newCallSettings } from './call_runner.ts';
import { brokerLimits, type MasterConfig } from './config.ts';
import type { MasterContext } from './context.ts';
import { createKeepCall } from './jobs/keep_call.ts';
import type { Authority } from './keys/authority.ts';
import { type Observations, observeStore } from './metrics/observations.ts';
import { openMonitoring } from './metrics/open_monitoring.ts';
import { createParts, type MasterDeps, type Parts } from './parts.ts';
import { openReactor } from './reactor/open_reactor.ts';
import type { Reactor } from './reactor/reactor.ts';
import { createReceiver } from './receive.ts';
import { createRequestService } from './requests/answer_requests.ts';
import { createMasterSchedule } from './schedule.ts';
import { createOperatorService } from './serve_operator.ts';
import { openStore } from './store/open_store.ts';
import { startTimers } from './timers.ts';

export interface Master {
  /** Of the unix socket, the TLS and, when configured, the TCP listener. */
  readonly addresses: readonly string[];
  readonly fingerprint: string;
  /** For those in this process: benchmarks and tests of the master's own API. */
  readonly context: (user: string) => MasterContext;
  /** Of `/metrics` and `/healthz`, when they are configured. */
  readonly metricsAddress: string | undefined;
  stop(): Promise<void>;
}

/** Of the store, the log, operators, observers, and minions that are not accepted yet. */
const OTHER_FILES = 128;

interface Late {
  broker: Broker | undefined;
  reactor: Reactor | undefined;
}

/** The composition root: what a master is, from top to bottom. */
export async function startMaster(deps: MasterDeps): Promise<Master> {
  const { config, clock, log } = deps;
  await claimFolders(config);
  const observations: Observations = {};
  const opened = await openStore(join(config.cachedir, 'store'), { clock, log });
  const store = observeStore(opened, observations, () => clock.monotonicMs());
  // These are made last, from what the parts know; until then nobody is connected to send anything to.
  const late: Late = { broker: undefined, reactor: undefined };
  const parts = await createParts(deps, store, observations, () => late.broker);
  const context = createContexts(deps, parts, late);
  const { runners, wheel } = deps;
  const keep = createKeepCall(parts.jobs, clock, log);
  const { newJid, permissions } = parts;
  const callRunner = createCallRunner({ context, runners, wheel, newJid, permit: permissions.check, keep });
  const reactor = await openReactor({ ...deps, ...parts, store, callRunner });
  late.reactor = reactor;
  const schedule = createMasterSchedule({ ...deps, store, callRunner });
  const serveOperator = createOperatorService({
    context,
    callRunner,
    streams: parts.streams,
    publish: (packet) => late.broker?.publish(packet),
    backlogOf: (topic) => late.broker?.backlogOf(topic),
    clock,
    log,
  });
  const send = (id: string, packet: Packet): void => void late.broker?.send(id, packet);
  growFileTable(parts.fleet.ids().length + OTHER_FILES);
  const running = await createBroker({
    table: messageTable,
    listeners: listenersOf(config, parts.authority),
    identities: identitiesOf(parts, deps.owner),
    limits: brokerLimits(config),
    handlers: createReceiver({
      ...parts,
      broker: () => late.broker,
      presenceEvents: config.presence_events,
      serveOperator,
      answerRequest: createRequestService({
        context: { ...parts, config, context, callRunner, clock, log, send },
        openMax: config.max_open_requests,
        log,
      }),
      log,
    }),
    clock,
    log,
  });
  late.broker = running;
  const timers = startTimers(deps, parts, running);
  let monitoring: Awaited<ReturnType<typeof openMonitoring>>;
  const stop = async (): Promise<void> => {
    for (const timer of timers) timer.stop();
    await schedule.stop();
    await monitoring?.close();
    await reactor.stop();
    await running.close();
    await closeParts(parts);
    await store.close();
  };
  try {
    await reactor.start();
    await schedule.start();
    monitoring = await openMonitoring({ ...deps, ...parts, reactor, broker: running, observations, store });
  } catch (error) {
    // A master that says it could not start must not go on serving.
    await stop();
    throw error;
  }
  logBrokenReferences(await masterBrokenReferences(config), log);
  log.info('the master is up', { listening: running.addresses.join(' '), version: VERSION });
  return {
    addresses: running.addresses,
    get fingerprint() {
      return parts.authority.fingerprint;
    },
    metricsAddress: monitoring?.address,
    context,
    stop,
  };
}

/**
 * Throws ADDRESS_IN_USE when a master runs already whose socket is there. The store has a look of its own, and sees no
 * process of another container.
 */
async function claimFolders(config: MasterConfig): Promise<void> {
  await claimSocketIn(config.sock_dir, operatorSocketName);
  await makeFolder('pki_dir', config.pki_dir);
  await makeFolder('cachedir', config.cachedir);
}

async function closeParts({ returners, eventLog, audit }: Parts): Promise<void> {
  await returners.stop();
  await eventLog.flush();
  await audit?.close();
}

function createContexts(deps: MasterDeps, parts: Parts, late: Late) {
  const { config, clock, log } = deps;
  const shared = {
    ...parts,
    version: VERSION,
    config,
    counters: () => late.broker?.counters() ?? {},
    refusals: () => late.broker?.refusals() ?? [],
    get reactor() {
      if (late.reactor === undefined) throw new Error('the master is not up yet');
      return late.reactor;
    },
    clock,
    log,
  };
  return (user: string, settings: CallSettings = newCallSettings()): MasterContext => {
    const own: Omit<MasterContext, keyof typeof shared> = {
      user,
      dispatchJob: (request) => parts.dispatcher.dispatchJob(request, user),
      cancelJob: (jid, ids) => parts.dispatcher.cancel(jid, ids, `cancelled by ${user}`),
      setOut(outputter) {
        settings.out = outputter;
      },
      setRetcode(retcode) {
        settings.retcode = retcode;
      },
      setParts(at, jid, { id, parts: of }) {
        if (of !== undefined) settings.parts.push({ at: [...at], jid, id, ...of });
      },
    };
    // Not a copy of forty members for each request.
    return Object.setPrototypeOf(own, shared);
  };
}

function identitiesOf({ keys, operators, observers, devices, external }: Parts, owner: string): IdentityStore {
  return {
    refuseMinion: keys.refuseMinion,
    isOperator: operators.isOperator,
    isExternalOperator: external.check,
    isDevice: devices.isDevice,
    observerTopics: observers.topicsOf,
    owner,
  };
}

function listenersOf(config: MasterConfig, authority: Authority): ListenerOptions[] {
  const tls = {
    kind: 'tls',
    host: config.interface,
    port: config.tls_port,
    ...authority.serverTls(),
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
