import { join } from 'node:path';
import { type Clock, sleep } from '../../shared/clock.ts';
import type { verifyCertificate } from '../../shared/crypto/certificate.ts';
import { openPrivateKey, readOptionalFile, writeFileAtomically } from '../../shared/crypto/private_file.ts';
import { errorLine, FleetError } from '../../shared/errors.ts';
import { limitParallel } from '../../shared/limit_parallel.ts';
import { type Logger, silentLogger } from '../../shared/log.ts';
import { makeFolder } from '../../shared/make_folder.ts';
import type { MinionConfig } from '../config.ts';
import { enroll, storedCredentials } from '../link/enroll.ts';
import { linkSettings } from '../link/link_settings.ts';
import { pinnedFile, trustMaster } from '../link/trust.ts';

/** Offers under way at a time. Keys that wait for an operator do not count. */
const AT_A_TIME = 16;
const RETRY_MS = 1000;

export interface EnrolAllOptions {
  /** One for each minion. */
  readonly configs: readonly MinionConfig[];
  /** Where the certificate of the master is pinned for all of them. */
  readonly sharedPkiDir: string;
  /** A one-time token for that minion; empty: none. */
  readonly tokenFor: (id: string) => Promise<string>;
  readonly verify: typeof verifyCertificate;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Keys and certificates for all: those that have them already are left alone. Resolves when all are accepted. */
export async function enrolAll(options: EnrolAllOptions): Promise<void> {
  const { configs, sharedPkiDir, clock, log, signal } = options;
  const [first] = configs;
  if (first === undefined) return;
  await makeFolder('pki_dir', sharedPkiDir);
  const { caPem } = await patiently(options, () =>
    trustMaster({
      ...trustSettings(first),
      pkiDir: sharedPkiDir,
      nowMs: () => clock.nowMs(),
    }),
  );
  const turn = limitParallel(AT_A_TIME);
  let offered = 0;
  const enrolments: Promise<void>[] = [];
  const begin = (config: MinionConfig): Promise<void> =>
    // Its turn ends when it is accepted, or when the key waits for an operator.
    new Promise((taken) => {
      const enrolment = enrolOne(options, config, caPem, () => {
        if (offered++ === 0) log.warning('keys wait for an operator', { do: 'salt-key -A on the master' });
        taken();
      });
      enrolments.push(enrolment);
      enrolment.then(taken, taken);
    });
  await Promise.all(configs.map((config) => turn(async () => void (signal.aborted || (await begin(config))))));
  await Promise.all(enrolments);
}

async function enrolOne(
  options: EnrolAllOptions,
  config: MinionConfig,
  caPem: string,
  offered: () => void,
): Promise<void> {
  const { clock, signal } = options;
  const { id, pki_dir: pkiDir } = config;
  await makeFolder('pki_dir', pkiDir);
  if ((await readOptionalFile(pinnedFile(pkiDir))) !== caPem)
    await writeFileAtomically(pinnedFile(pkiDir), caPem, 0o644);
  const { host, port, connectTimeoutMs } = linkSettings(config);
  const enrolment = {
    id,
    pkiDir,
    host,
    port,
    caPem,
    privateKey: await openPrivateKey(join(pkiDir, 'minion.pem')),
    token: '',
    grains: { id },
    connectTimeoutMs,
    nowMs: () => clock.nowMs(),
    verify: options.verify,
    log: silentLogger,
    signal,
    offered,
  };
  if ((await storedCredentials(enrolment)) !== undefined) return;
  await patiently(options, async () => enroll({ ...enrolment, token: await options.tokenFor(id) }));
}

/** A master that is not there yet, or that takes no more offers at present, is asked again; a wrong key ends it. */
async function patiently<T>({ clock, log, signal }: EnrolAllOptions, attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const isPassing = error instanceof FleetError && ['MASTER_UNREACHABLE', 'NOT_PERMITTED'].includes(error.code);
      if (!isPassing || signal.aborted) throw error;
      log.warning(errorLine(error), { retry_ms: RETRY_MS });
    }
    await sleep(clock, RETRY_MS, signal);
  }
}

function trustSettings(config: MinionConfig) {
  const { host, port, masterFinger, connectTimeoutMs } = linkSettings(config);
  return { host, port, masterFinger, timeoutMs: connectTimeoutMs };
}
