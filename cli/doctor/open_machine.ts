import { join } from 'node:path';
import { loadMasterConfig, type MasterConfig } from '../../master/config.ts';
import { loadMinionConfig, type MinionConfig } from '../../minion/config.ts';
import { ASK_MASTER, ASK_MASTER_ANSWER, readMasterAnswer } from '../../minion/lib/master_requests.ts';
import { ASK_STATUS, ASK_STATUS_ANSWER, readStatusAnswer } from '../../minion/lib/status_requests.ts';
import { masterAddress } from '../../minion/link/link_settings.ts';
import { connectOperator } from '../../shared/client/operator_client.ts';
import { probeTls } from '../../shared/client/probe_tls.ts';
import { MASTER_NAME } from '../../shared/crypto/certificate.ts';
import { loopbackSocketName, operatorSocketName } from '../../shared/paths.ts';
import { createLocalBus, type LocalBus } from '../local_bus.ts';
import { lookAtDaemon } from './look_at_daemon.ts';
import {
  type BareMachine,
  daemonCommands,
  type Machine,
  type MasterMachine,
  type MasterTime,
  type MinionMachine,
} from './machine.ts';

const ANSWER_SECONDS = 3;
const ANSWER_MS = ANSWER_SECONDS * 1000;
const PROBE_MS = 5000;

/** Throws CONFIG_INVALID and FILE_UNREADABLE. */
export async function openMaster(bare: BareMachine): Promise<MasterMachine> {
  const config = await loadMasterConfig({ configDir: bare.configDir, env: bare.env });
  const socket = join(config.sock_dir, operatorSocketName);
  return {
    ...openDaemon(bare, config, { name: 'salt-master', socket, host: reachable(config), port: config.tls_port }),
    config,
    ask: (fun) => askRunner(bare, socket, fun),
  };
}

/** Throws CONFIG_INVALID and FILE_UNREADABLE. */
export async function openMinion(bare: BareMachine): Promise<MinionMachine> {
  const { configDir, env, hostname, clock } = bare;
  const config: MinionConfig = await loadMinionConfig({ configDir, env, hostname });
  const socket = join(config.sock_dir, loopbackSocketName);
  const machine = openDaemon(bare, config, {
    name: 'salt-minion',
    socket,
    isQuiet: config.profile === 'lite',
    ...masterAddress(config),
  });
  const bus = createLocalBus(config, process.pid);
  const ifRunning =
    <T>(ask: () => Promise<T>) =>
    async (): Promise<T | undefined> =>
      // Whoever may not ask, or is not answered, learns that from the check of the daemon.
      (await machine.daemon()).state === 'answers' ? ask().catch(() => undefined) : undefined;
  return {
    ...machine,
    config,
    status: once(
      ifRunning(async () => readStatusAnswer(await bus.ask(ASK_STATUS, {}, ASK_STATUS_ANSWER, ANSWER_SECONDS))),
    ),
    masterTime: once(ifRunning(() => askTime(bus, () => clock.nowMs()))),
  };
}

interface DaemonPlaces {
  readonly name: 'salt-master' | 'salt-minion';
  readonly socket: string;
  readonly isQuiet?: boolean;
  readonly host: string;
  readonly port: number;
}

function openDaemon(
  bare: BareMachine,
  config: Pick<MasterConfig, 'pidfile' | 'log_file'>,
  { host, port, ...place }: DaemonPlaces,
): Machine {
  const { clock } = bare;
  const daemon = once(() => lookAtDaemon({ ...place, pidfile: config.pidfile }));
  return {
    ...bare,
    daemon,
    commands: once(async () => daemonCommands(bare, config, await daemon())),
    port: once(() => probeTls({ host, port, servername: MASTER_NAME, timeoutMs: PROBE_MS, clock })),
  };
}

/** A listener on all addresses is looked at from within. */
function reachable({ interface: address }: MasterConfig): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}

async function askRunner({ clock }: BareMachine, socketPath: string, fun: string): Promise<unknown> {
  const client = await connectOperator({ socketPath, firstAnswerMs: ANSWER_MS, clock });
  try {
    for await (const step of client.request({ op: 'runner', fun, arg: [], kwarg: {} })) {
      if (step.t === 'value') return step.value;
    }
    return undefined;
  } finally {
    await client.close();
  }
}

async function askTime(bus: LocalBus, nowMs: () => number): Promise<MasterTime | undefined> {
  const askedMs = nowMs();
  const question = { verb: 'hello', payload: {}, timeout: ANSWER_SECONDS };
  const answer = readMasterAnswer(await bus.ask(ASK_MASTER, question, ASK_MASTER_ANSWER, ANSWER_SECONDS));
  const { time } = answer as { readonly time?: unknown };
  return typeof time === 'number' ? { seconds: time, askedMs, answeredMs: nowMs() } : undefined;
}

function once<T>(look: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined;
  return () => {
    found ??= look();
    return found;
  };
}
