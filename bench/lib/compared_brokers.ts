import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../shared/clock.ts';
import { createCertificateAuthority, issueCertificate, MASTER_NAME } from '../../shared/crypto/certificate.ts';
import { FleetError } from '../../shared/errors.ts';
import type { BenchmarkContext } from './benchmark.ts';
import { minionName } from './load_settings.ts';
import { type OwnProcess, startProcess, startTool } from './own_process.ts';
import { freePort } from './real_fleet.ts';

/** A broker that takes minions with certificates on one port and operators without TLS on another. */
export interface ComparedBroker {
  readonly name: string;
  readonly pid: number;
  readonly tlsPort: number;
  readonly tcpPort: number;
}

export interface ComparedBrokers {
  /** Keys and certificates, as `load_settings.ts` names them. */
  readonly folder: string;
  /** Ours, Aedes as it comes, and mosquitto where it is installed. */
  readonly brokers: readonly ComparedBroker[];
  stop(): Promise<void>;
}

const PATIENCE_MS = 30_000;
/** Debian puts mosquitto where only root looks. */
const PATH = `${process.env.PATH}:/usr/sbin`;

/** Starts the brokers, each in a process of its own. Throws COMMAND_FAILED. */
export async function startComparedBrokers(
  { dist, home, progress }: Pick<BenchmarkContext, 'dist' | 'home' | 'progress'>,
  minions: number,
): Promise<ComparedBrokers> {
  const folder = join(home, 'brokers');
  mkdirSync(folder);
  writeKeys(folder, minions);
  const running: OwnProcess[] = [];
  const killAll = (): void => {
    for (const broker of running) broker.kill();
  };
  process.once('exit', killAll);
  const start = async (
    name: string,
    run: (tlsPort: number, tcpPort: number) => OwnProcess,
  ): Promise<ComparedBroker> => {
    const [tlsPort, tcpPort] = [await freePort(), await freePort()];
    const broker = run(tlsPort, tcpPort);
    running.push(broker);
    const ended = broker.ended.then((reason) => {
      throw new FleetError('COMMAND_FAILED', reason);
    });
    await Promise.race([Promise.all([untilListening(tlsPort), untilListening(tcpPort)]), ended]);
    return { name, pid: broker.pid, tlsPort, tcpPort };
  };
  const ofOurs = (program: string) => (tlsPort: number, tcpPort: number) =>
    startProcess(fileURLToPath(new URL(`bench/programs/${program}.js`, dist)), [folder, `${tlsPort}`, `${tcpPort}`]);
  const brokers = [await start('Brine', ofOurs('brine_broker')), await start('Aedes', ofOurs('aedes_broker'))];
  if (isMosquittoInstalled()) brokers.push(await start('mosquitto', (...ports) => startMosquitto(folder, ...ports)));
  else progress('mosquitto is not installed and left out: apt-get install mosquitto');
  return {
    folder,
    brokers,
    async stop() {
      await Promise.all(running.map((broker) => broker.stop()));
      process.off('exit', killAll);
    },
  };
}

function writeKeys(folder: string, minions: number): void {
  const nowMs = systemClock.nowMs();
  const newKey = () => generateKeyPairSync('ed25519');
  const ca = createCertificateAuthority('bench', newKey().privateKey, nowMs);
  const write = (file: string, text: string): void => writeFileSync(join(folder, file), text, { mode: 0o600 });
  const issue = (commonName: string, usage: 'client' | 'server', publicKey: KeyObject): string =>
    issueCertificate({ ca, publicKey, commonName, usage, days: 1, nowMs });
  const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const server = newKey();
  // One key will do for all of them: what is measured begins after the handshakes.
  const minion = newKey();
  write('ca.pem', ca.certPem);
  write('server.key.pem', pemOf(server.privateKey));
  write('server.pem', issue(MASTER_NAME, 'server', server.publicKey));
  write('minion.key.pem', pemOf(minion.privateKey));
  for (let index = 0; index < minions; index++) {
    const id = minionName(index);
    write(`${id}.pem`, issue(id, 'client', minion.publicKey));
  }
}

function isMosquittoInstalled(): boolean {
  return spawnSync('mosquitto', ['-h'], { env: { ...process.env, PATH } }).error === undefined;
}

/** It checks what ours checks of certificates, and limits nothing that would hold messages back. */
function startMosquitto(folder: string, tlsPort: number, tcpPort: number): OwnProcess {
  const config = join(folder, 'mosquitto.conf');
  const lines = [
    `user ${userInfo().username}`,
    'persistence false',
    'log_type error',
    'log_dest stderr',
    'sys_interval 0',
    'set_tcp_nodelay true',
    'allow_anonymous true',
    'max_inflight_messages 0',
    'max_queued_messages 0',
    `listener ${tcpPort} 127.0.0.1`,
    `listener ${tlsPort} 127.0.0.1`,
    `cafile ${folder}/ca.pem`,
    `certfile ${folder}/server.pem`,
    `keyfile ${folder}/server.key.pem`,
    'require_certificate true',
    'use_identity_as_username true',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return startTool('mosquitto', ['-c', config], { PATH });
}

async function untilListening(port: number): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (!(await isListening(port))) {
    if (performance.now() > until) throw new FleetError('TIMED_OUT', `nobody listens on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
