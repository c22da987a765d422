import { join } from 'node:path';
import { type Clock, nowSeconds, sleep, type Timer } from '../../shared/clock.ts';
import type { verifyCertificate } from '../../shared/crypto/certificate.ts';
import { readPrivateKey } from '../../shared/crypto/private_file.ts';
import { FleetError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { ModuleSpec } from '../../shared/plugin/function.ts';
import type { PluginFolder } from '../../shared/plugin/load_folder.ts';
import type { ReturnerQueue } from '../../shared/plugin/returner_queue.ts';
import { decodeBody, openPayload } from '../../shared/protocol/codec.ts';
import { Job } from '../../shared/protocol/messages/job.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import { VERSION } from '../../shared/version.ts';
import { createCatalogue } from '../catalogue.ts';
import type { MinionConfig } from '../config.ts';
import type { Events, Grains, MinionContext, Schedules } from '../context.ts';
import { createJobPath } from '../jobs/job_path.ts';
import { createJobTable } from '../jobs/job_table.ts';
import { type Ledger, openLedger } from '../jobs/ledger.ts';
import { openSigned } from '../jobs/open_signed.ts';
import { createOutbox, type Outbox, openOutbox } from '../jobs/outbox.ts';
import { announcedInfo, linkSettings } from '../link_settings.ts';
import { type MinionServices, makeContext } from '../make_context.ts';
import { createMasterLink, type MasterLink, type MasterLinkOptions } from '../master_link.ts';
import { createFireMaster, startData } from '../own_events.ts';
import { createGrainTeller } from '../tell_grains.ts';
import type { Behaviour, Character } from './behaviour.ts';
import type { EmulatorCounts } from './counts.ts';
import { createFaultySend } from './faulty_send.ts';
import { startFlood } from './flood.ts';
import { createMemoryOutboxFolder } from './memory_disk.ts';

export interface EmulatedMinionOptions {
  /** Its own: id and directories. */
  readonly config: MinionConfig;
  readonly modules: PluginFolder<ModuleSpec<MinionContext>>;
  /** Its ledger in memory. Left out: ledger and outbox are files, as those of a real minion. */
  readonly memoryLedger: Ledger | undefined;
  readonly character: Character;
  readonly behaviour: Behaviour;
  readonly counts: EmulatorCounts;
  readonly clock: Clock;
  readonly random: () => number;
  readonly verifyCertificate: typeof verifyCertificate;
  /** Signatures of jobs are checked. */
  readonly verify: boolean;
  readonly log: Logger;
  /** Told at each connection that is made, and at its end. */
  readonly connected: () => void;
  readonly disconnected: () => void;
}

/**
 * A minion that is already accepted. What runs is what a real one runs, without a bus, beacons and a schedule of its
 * own.
 */
export interface EmulatedMinion {
  /** Connects, again whenever the connection ends. Resolves when stopped; rejects with what waiting cannot mend. */
  run(): Promise<void>;
  /** Ends the connection; the next one is made after so many milliseconds. */
  drop(awayMs: number): void;
  fireMaster: Events['fireMaster'];
  stop(): Promise<void>;
}

export async function createEmulatedMinion(options: EmulatedMinionOptions): Promise<EmulatedMinion> {
  const { config, character, clock, random, log } = options;
  const { id } = config;
  let flood: Timer | undefined;
  const disk = await openDisk(options);
  const grains = emulatedGrains(config);
  const fireMaster = createFireMaster(id, disk.outbox, clock);
  const table = createJobTable(() => undefined, process.pid);
  const services: MinionServices = {
    id,
    version: VERSION,
    config: { ...config },
    grains,
    events: { fire: async () => undefined, fireMaster },
    jobs: table,
    beacons: { manage: hasNone },
    schedules: noSchedules,
    master: { ask: (...question) => link.ask(...question) },
    catalogue: createCatalogue(options.modules, () => makeContext(services, noScope)),
    returners: { names: [], load: async () => undefined, rescan: () => undefined },
    clock,
    log,
    env: {},
  };
  const teller = createGrainTeller(services);
  const held = async (): Promise<undefined> => undefined;
  const jobs = createJobPath({
    ...services,
    config,
    disk,
    services,
    table,
    held,
    open: options.verify ? openSigned : (bytes) => decodeBody(openPayload(bytes)),
    link: () => link,
    pid: process.pid,
  });
  const link: MasterLink = createMasterLink({
    ...linkSettings(config),
    id,
    privateKey: await ownKey(config),
    info: announcedInfo,
    grains: grains.all,
    clock,
    random,
    verify: options.verifyCertificate,
    log,
    received: character === 'frozen' ? frozenAt(id, jobs.receive) : jobs.receive,
    connected(publish) {
      const send = createFaultySend({ ...options, id }, publish);
      if (character === 'flood') flood = startFlood(id, publish, clock);
      jobs.attach(send);
      disk.outbox.attach(send);
      teller.tell();
      options.counts.connects++;
      options.connected();
    },
    disconnected() {
      flood?.stop();
      jobs.detach();
      disk.outbox.detach();
      options.disconnected();
    },
  });
  const connection = keepRunning(link, clock);
  return {
    async run() {
      await jobs.runner.reportInterrupted();
      await fireMaster(`salt/minion/${id}/start`, startData(config, grains, clock));
      await connection.run();
    },
    drop: connection.drop,
    fireMaster,
    async stop() {
      await connection.stop();
      await disk.outbox.close();
      await disk.ledger.close();
    },
  };
}

/** Nothing is read any more once `received` does not come back: what the master sends stays where it is. */
function frozenAt(id: string, received: MasterLinkOptions['received']): MasterLinkOptions['received'] {
  const jobTopic = formatTopic(Job.topic, { id });
  return (topic, payload, retain) =>
    topic === jobTopic ? new Promise(() => undefined) : received(topic, payload, retain);
}

const noScope = {
  jid: undefined,
  signal: new AbortController().signal,
  outcome: { retcode: undefined, out: undefined },
};

/** One run of the link after another, until stopped. */
function keepRunning(link: MasterLink, clock: Clock) {
  const stopping = new AbortController();
  let dropping = new AbortController();
  let awayMs = 0;
  let ended: Promise<void> = Promise.resolve();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      dropping = new AbortController();
      await link.run(dropping.signal);
      if (awayMs > 0) await sleep(clock, awayMs, stopping.signal);
    }
  };
  return {
    run(): Promise<void> {
      ended = loop();
      return ended;
    },
    drop(forMs: number): void {
      // Who is away stays away as long as it was to.
      if (dropping.signal.aborted) return;
      awayMs = forMs;
      dropping.abort();
    },
    async stop(): Promise<void> {
      stopping.abort();
      dropping.abort();
      await ended.catch(() => undefined);
    },
  };
}

async function openDisk({ config, memoryLedger, clock, log }: EmulatedMinionOptions) {
  const now = (): number => nowSeconds(clock);
  const settings = { bytesMax: config.max_outbox_bytes, clock, log };
  const stored = (name: string): string => join(config.cachedir, name);
  const outbox: Outbox =
    memoryLedger === undefined
      ? await openOutbox({ ...settings, folder: stored('outbox') })
      : createOutbox(createMemoryOutboxFolder(), settings);
  const ledger = memoryLedger ?? (await openLedger(stored('ledger'), now));
  return { outbox, ledger, returners: noReturners };
}

/** It was made when the key was offered. */
async function ownKey({ id, pki_dir: pkiDir }: MinionConfig) {
  const key = await readPrivateKey(join(pkiDir, 'minion.pem'));
  if (key === undefined) throw new FleetError('FILE_UNREADABLE', `${id} has no key in ${pkiDir}: it is not enrolled`);
  return key;
}

/** Few, and kept in memory. */
function emulatedGrains({ id, grains: configured }: MinionConfig): Grains {
  const own = { id, host: id, os: 'Emulated', os_family: 'Emulated', saltversion: VERSION, ...configured };
  let all: Readonly<Record<string, unknown>> = own;
  let custom: Readonly<Record<string, unknown>> = {};
  return {
    all: () => all,
    readCustom: async () => custom,
    async updateCustom(change) {
      custom = change(custom);
      all = { ...own, ...custom };
    },
    refresh: async () => [],
    complete: async () => undefined,
    broken: () => ({}),
  };
}

const hasNone = (): never => {
  throw new FleetError('COMMAND_FAILED', 'an emulated minion has no beacons and no schedule');
};

const noSchedules: Schedules = {
  all: () => ({}),
  written: async () => ({}),
  change: async () => hasNone(),
  reload: async () => false,
  check: hasNone,
  plan: () => undefined,
  problem: () => undefined,
  state: () => undefined,
  run: () => false,
};

/** What a job names to store its return elsewhere is not done: a whole fleet would do it from one machine. */
const noReturners: ReturnerQueue = {
  add: async () => undefined,
  status: () => [],
  drained: async () => undefined,
  stop: async () => undefined,
};
