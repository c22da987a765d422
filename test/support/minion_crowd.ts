import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Authority, openAuthority } from '../../master/keys/authority.ts';
import { keyPath, makeKeyDirectories } from '../../master/keys/key_files.ts';
import { loadMinionConfig, type MinionConfig } from '../../minion/config.ts';
import type { MinionContext } from '../../minion/context.ts';
import { type Minion, startMinion } from '../../minion/minion.ts';
import { pinnedFile } from '../../minion/trust.ts';
import { systemClock } from '../../shared/clock.ts';
import { publicPem } from '../../shared/crypto/fingerprint.ts';
import { limitParallel } from '../../shared/limit_parallel.ts';
import { silentLogger } from '../../shared/log.ts';
import type { ModuleSpec } from '../../shared/plugin/function.ts';
import { openInlineRenderThread } from './inline_render_thread.ts';

export interface CrowdOptions {
  readonly count: number;
  /** Each minion has a directory of its own below it. */
  readonly directory: string;
  readonly masterPkiDir: string;
  /** `host:port` */
  readonly master: string;
  readonly modules: Readonly<Record<string, ModuleSpec<MinionContext>>>;
}

/** Many real minions in this process: each with its own key, ledger, outbox, event bus and TLS connection. */
export interface MinionCrowd {
  readonly ids: readonly string[];
  /** Keys and certificates of all, as if they had been enrolled; the master must not run, and know them when it starts. */
  seed(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const AT_A_TIME = 16;

export function createMinionCrowd(options: CrowdOptions): MinionCrowd {
  const turn = limitParallel(AT_A_TIME);
  const inParallel = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
    await Promise.all(items.map((item) => turn(() => work(item))));
  };
  const ids = Array.from({ length: options.count }, (_, index) => `crowd${index + 1}`);
  const minions: Minion[] = [];
  return {
    ids,
    async seed() {
      const pkiDir = options.masterPkiDir;
      const authority = await openAuthority({ pkiDir, clock: systemClock, minionCertDays: 1 });
      await makeKeyDirectories(pkiDir);
      await inParallel(ids, (id) => seedMinion(options, authority, id));
    },
    async start() {
      const config = await loadCrowdConfig(options);
      await inParallel(ids, async (id) => void minions.push(await launch(options, config, id)));
    },
    async stop() {
      await inParallel(minions.splice(0), (minion) => minion.stop());
    },
  };
}

async function seedMinion({ directory, masterPkiDir }: CrowdOptions, authority: Authority, id: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pkiDir = join(directory, id, 'pki');
  await mkdir(pkiDir, { recursive: true, mode: 0o700 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(join(pkiDir, 'minion.pem'), pem, { mode: 0o600 });
  await writeFile(join(pkiDir, 'minion.crt'), authority.issueMinionCertificate(id, publicKey));
  await writeFile(join(pkiDir, 'minion_master_sign.crt'), authority.signingCertPem);
  await writeFile(pinnedFile(pkiDir), authority.caPem);
  await writeFile(keyPath(masterPkiDir, 'accepted', id), publicPem(publicKey));
}

/** One configuration for all: reading a thousand would take longer than connecting them. */
function loadCrowdConfig({ directory, master }: CrowdOptions): Promise<MinionConfig> {
  return loadMinionConfig({
    configDir: directory,
    env: {},
    hostname: 'crowd',
    overrides: { id: 'crowd', master, recon_default: 1000, recon_max: 10_000 },
  });
}

function launch({ directory, modules }: CrowdOptions, config: MinionConfig, id: string): Promise<Minion> {
  const home = join(directory, id);
  return startMinion({
    config: {
      ...config,
      id,
      pki_dir: join(home, 'pki'),
      cachedir: join(home, 'cache'),
      sock_dir: join(home, 'run'),
    },
    modules: { names: Object.keys(modules), load: async (name) => modules[name], rescan: () => undefined },
    beacons: { names: [], load: async () => undefined, rescan: () => undefined },
    returners: { names: [], load: async () => undefined, rescan: () => undefined },
    grains: {
      all: () => ({ id }),
      readCustom: async () => ({}),
      updateCustom: async () => undefined,
      refresh: async () => [],
      broken: () => ({}),
    },
    openRenderThread: openInlineRenderThread,
    clock: systemClock,
    random: Math.random,
    log: silentLogger,
    env: {},
    pid: process.pid,
    kill: () => undefined,
  });
}
