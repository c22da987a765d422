import { join } from 'node:path';
import { type Clock, nowSeconds } from '../../shared/clock.ts';
import type { verifyCertificate } from '../../shared/crypto/certificate.ts';
import { readPrivateKey } from '../../shared/crypto/private_file.ts';
import { FleetError } from '../../shared/errors.ts';
import type { ModuleSpec } from '../../shared/plugin/function.ts';
import type { PluginFolder } from '../../shared/plugin/load_folder.ts';
import type { ReturnerQueue } from '../../shared/plugin/returner_queue.ts';
import { decodeBody } from '../../shared/protocol/codec.ts';
import { VERSION } from '../../shared/version.ts';
import { createFireMaster, startData } from '../bus/own_events.ts';
import { createCatalogue } from '../catalogue.ts';
import type { MinionConfig } from '../config.ts';
import type { Grains, MinionContext, Schedules } from '../context.ts';
import { createJobPath } from '../jobs/job_path.ts';
import { createJobTable } from '../jobs/job_table.ts';
import { type Ledger, openLedger } from '../jobs/ledger.ts';
import { openSigned } from '../jobs/open_signed.ts';
import { createOutbox, type Outbox, openOutbox } from '../jobs/outbox.ts';
import { announcedInfo, linkSettings } from '../link/link_settings.ts';
import { createMasterLink, type MasterLink, type MasterLinkOptions } from '../link/master_link.ts';
import { type MinionServices, makeContext, noScope } from '../make_context.ts';
import { createGrainTeller } from '../tell_grains.ts';
import type { EmulatedMinion, FleetMember } from './emulated_minion.ts';
import { createFaultyConnection } from './faulty_connection.ts';
import { keepRunning } from './keep_running.ts';
import { createMemoryOutboxFolder } from './memory_disk.ts';

export interface FullMinionOptions extends FleetMember {
  /** Its own: id and directories. */
  readonly config: MinionConfig;
  readonly modules: PluginFolder<ModuleSpec<MinionContext>>;
  /** Its ledger in memory. Left out: ledger and outbox are files, as those of a real minion. */
  readonly memoryLedger: Ledger | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly verifyCertificate: typeof verifyCertificate;
  readonly inTurn: NonNullable<MasterLinkOptions['inTurn']>;
  /** Signatures of jobs are checked. */
  readonly verify: boolean;
}

/** What runs is what a real one runs, without a bus, beacons and a schedule of its own. */
export async function createFullMinion(options: FullMinionOptions): Promise<EmulatedMinion> {
  const { id, config, clock, random, log } = options;
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
  const held = (): undefined => undefined;
  const jobs = createJobPath({
    config,
    disk,
    services,
    table,
    held,
    open: options.verify ? openSigned : async (payload) => decodeBody(payload),
    link: () => link,
    pid: process.pid,
    clock,
    log,
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
    inTurn: options.inTurn,
    log,
    ...createFaultyConnection(options, {
      received: jobs.receive,
      attach(send) {
        jobs.attach(send);
        disk.outbox.attach(send);
        teller.tell();
      },
      detach() {
        jobs.detach();
        disk.outbox.detach();
      },
    }),
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

async function openDisk({ config, memoryLedger, clock, log }: FullMinionOptions) {
  const now = (): number => nowSeconds(clock);
  const settings = { bytesMax: config.max_outbox_bytes, clock, log };
  const stored = (name: string): string => join(config.cachedir, name);
  const outbox: Outbox =
    memoryLedger === undefined
      ? await openOutbox({ ...settings, folder: stored('outbox') })
      : createOutbox(createMemoryOutboxFolder(), settings);
  const ledger = memoryLedger ?? (await openLedger(stored('ledger'), now, log));
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
