import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openConnection } from '../shared/client/connection.ts';
import { connectOperator, type OperatorClient } from '../shared/client/operator_client.ts';
import { systemClock } from '../shared/clock.ts';
import { errorLine, FleetError } from '../shared/errors.ts';

/** `npm start`: a master and three minions as processes of their own in .brine/, enrolled and asked for a ping. */
const MINIONS = ['m1', 'm2', 'm3'];
const COMMANDS = ['salt', 'salt-call', 'salt-emulate', 'salt-key', 'salt-run'];
/** How long a fleet may take to come up on a slow machine. */
const PATIENCE_MS = 60_000;

const root = fileURLToPath(new URL('../../', import.meta.url));
const home = join(root, '.brine');
const at = (...parts: string[]): string => join(home, ...parts);
const socketPath = at('master', 'run', 'operator.sock');

interface Ports {
  readonly tls: number;
  readonly tcp: number;
  readonly metrics: number;
}

/** Resolves to the exit status. `--once`: ends after the ping. */
export async function runDemo(argv: readonly string[]): Promise<number> {
  const isOnce = argv.includes('--once');
  const unknown = argv.find((word) => word !== '--once');
  if (unknown !== undefined) {
    process.stderr.write(`npm start: unknown option ${unknown}; there is --once, which ends after the ping\n`);
    return 64;
  }
  const children: Child[] = [];
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => resolve('interrupted'));
  });
  try {
    const ports = await writeFleet();
    const up = bringUp(children);
    if ((await Promise.race([up, interrupted])) === 'interrupted') return 130;
    const client = await up;
    const password = await operatorPassword(client);
    await client.close();
    const status = await showFirstCommands(children);
    if (isOnce || status !== 0) return status;
    printNextCommands(ports, password);
    await streamEvents(interrupted, children);
    return 0;
  } catch (error) {
    process.stderr.write(`${errorLine(error)}\n`);
    return 1;
  } finally {
    await stopAll(children);
  }
}

/** Configuration, once: a second start finds keys, certificates and jobs as they were. */
async function writeFleet(): Promise<Ports> {
  mkdirSync(at('bin'), { recursive: true });
  const portsFile = at('ports.json');
  if (!existsSync(portsFile)) {
    writeFileSync(
      portsFile,
      JSON.stringify({ tls: await freePort(8883), tcp: await freePort(1883), metrics: await freePort(9464) }),
    );
  }
  const ports = JSON.parse(readFileSync(portsFile, 'utf8')) as Ports;
  mkdirSync(at('master', 'etc'), { recursive: true });
  writeIfNew(at('master', 'etc', 'master'), masterConfig(ports));
  for (const id of MINIONS) {
    mkdirSync(at(id, 'etc'), { recursive: true });
    writeIfNew(at(id, 'etc', 'minion'), minionConfig(id, ports));
  }
  for (const name of COMMANDS) writeCommand(name);
  return ports;
}

function masterConfig({ tls, tcp, metrics }: Ports): string {
  return [
    '# Made by npm start. Every key is in config/master.yaml.',
    'interface: 127.0.0.1',
    `tls_port: ${tls}`,
    `tcp_port: ${tcp}`,
    `metrics_port: ${metrics}`,
    '# What beacons tell is kept in a file as well.',
    'event_return: [jsonl]',
    "event_return_whitelist: ['salt/beacon/*']",
    `returners: {jsonl: {path: '${at('beacons.jsonl')}'}}`,
    ...paths(at('master')),
    '',
  ].join('\n');
}

function minionConfig(id: string, { tls }: Ports): string {
  return [
    '# Made by npm start. Every key is in config/minion.yaml.',
    `id: ${id}`,
    `master: 127.0.0.1:${tls}`,
    'acceptance_wait_time: 1',
    ...paths(at(id)),
    '',
  ].join('\n');
}

function paths(base: string): string[] {
  return [
    `pki_dir: ${base}/pki`,
    `cachedir: ${base}/cache`,
    `sock_dir: ${base}/run`,
    `pidfile: ${base}/run/pid`,
    `log_file: ${base}/log`,
    'log_level_logfile: info',
  ];
}

/**
 * `.brine/bin/salt` is `salt` for this fleet; `.brine/bin/salt-call` is m1's, and `salt-emulate` finds the same master.
 */
function writeCommand(name: string): void {
  const isMinions = name === 'salt-call' || name === 'salt-emulate';
  const config = isMinions ? at(MINIONS[0] as string, 'etc') : at('master', 'etc');
  const file = at('bin', name);
  writeFileSync(
    file,
    `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'dist', `${name}.cjs`)}' -c '${config}' "$@"\n`,
  );
  chmodSync(file, 0o755);
}

function writeIfNew(file: string, text: string): void {
  if (!existsSync(file)) writeFileSync(file, text);
}

/** The usual port when nobody has it, else any. */
async function freePort(wanted: number): Promise<number> {
  for (const port of [wanted, 0]) {
    const server = createServer();
    // `once` rejects when the server fails: the port is taken.
    const listening = once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.listen(port, '127.0.0.1');
    if (!(await listening)) continue;
    const { port: found } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    return found;
  }
  throw new FleetError('ADDRESS_IN_USE', 'no port is free on 127.0.0.1');
}

interface Child {
  readonly name: string;
  readonly process: ChildProcess;
  readonly ended: Promise<string>;
}

function start(name: string, program: string, configDir: string, children: Child[]): Child {
  const child = spawn(process.execPath, [join(root, 'dist', `${program}.cjs`), '-c', configDir, '-l', 'error'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = once(child, 'exit').then(([code, signal]) =>
    [`${name} ended (${signal ?? code})`, errors.trim()].filter((text) => text !== '').join(': '),
  );
  const started = { name, process: child, ended };
  children.push(started);
  return started;
}

/** Master, then minions, then their keys; resolves when all of them are connected. */
async function bringUp(children: Child[]): Promise<OperatorClient> {
  const isFirst = !existsSync(at('master', 'pki'));
  process.stdout.write(`Starting a master and ${MINIONS.length} minions in .brine/ …\n`);
  const master = start('the master', 'salt-master', at('master', 'etc'), children);
  const client = await untilReady(
    () => connectOperator({ socketPath, firstAnswerMs: 5000, clock: systemClock }),
    master,
  );
  for (const id of MINIONS) start(id, 'salt-minion', at(id, 'etc'), children);
  if (isFirst) process.stdout.write('Waiting for their keys, which are then accepted as `salt-key -A` does …\n');
  const giveUp = failWhenOver(children);
  await Promise.race([acceptAll(client), giveUp]);
  return client;
}

async function acceptAll(client: OperatorClient): Promise<void> {
  await repeat(async () => {
    await call(client, 'wheel', 'key.accept', [MINIONS]);
    const up = (await call(client, 'runner', 'manage.up', [])) as string[];
    return MINIONS.every((id) => up.includes(id));
  }, 'the minions did not connect');
}

async function call(client: OperatorClient, op: string, fun: string, arg: readonly unknown[]): Promise<unknown> {
  for await (const step of client.request({ op, fun, arg, kwarg: {} })) if (step.t === 'value') return step.value;
  return undefined;
}

/** Rejects with the words of the first process that ends by itself. */
async function failWhenOver(children: readonly Child[]): Promise<never> {
  throw new FleetError('COMMAND_FAILED', await Promise.race(children.map(({ ended }) => ended)));
}

async function untilReady<T>(attempt: () => Promise<T>, child: Child): Promise<T> {
  let result: T | undefined;
  const tries = repeat(async () => {
    try {
      result = await attempt();
      return true;
    } catch (error) {
      if (error instanceof FleetError && error.code === 'MASTER_UNREACHABLE') return false;
      throw error;
    }
  }, `${child.name} did not come up`);
  await Promise.race([tries, failWhenOver([child])]);
  return result as T;
}

async function repeat(isDone: () => Promise<boolean>, complaint: string): Promise<void> {
  const until = systemClock.monotonicMs() + PATIENCE_MS;
  while (!(await isDone())) {
    if (systemClock.monotonicMs() > until)
      throw new FleetError('TIMED_OUT', `${complaint} within ${PATIENCE_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A password for TCP clients, made once and kept beside the fleet. */
async function operatorPassword(client: OperatorClient): Promise<string> {
  const file = at('operator_password');
  if (!existsSync(file)) {
    const password = String(await call(client, 'runner', 'operators.add', ['demo']));
    writeFileSync(file, `${password}\n`, { mode: 0o600 });
  }
  return readFileSync(file, 'utf8').trim();
}

async function showFirstCommands(children: readonly Child[]): Promise<number> {
  for (const args of [
    ['*', 'test.ping'],
    ['*', 'grains.item', 'os', 'kernel'],
  ]) {
    process.stdout.write(`\n$ salt '${args[0]}' ${args.slice(1).join(' ')}\n`);
    const child = spawn(at('bin', 'salt'), args, { stdio: ['ignore', 'inherit', 'inherit'] });
    const ended = once(child, 'exit').then(([code]) => Number(code ?? 1));
    const status = await Promise.race([ended, failWhenOver(children)]);
    if (status !== 0) return status;
  }
  return 0;
}

function printNextCommands({ tcp }: Ports, password: string): void {
  const bin = relative(process.cwd(), at('bin')) || '.';
  const unix = relative(process.cwd(), socketPath);
  const lines = [
    '',
    'The fleet is up. In another terminal, from this directory:',
    '',
    `  ${bin}/salt '*' cmd.run uptime`,
    `  ${bin}/salt m1 disk.usage`,
    `  ${bin}/salt-key -L`,
    `  ${bin}/salt-run jobs.list_jobs`,
    `  ${bin}/salt-call event.fire '{port: 8080}' myapp/ready`,
    `  mosquitto_sub --unix ${unix} -t 'salt/#' -v`,
    `  mosquitto_sub -p ${tcp} -u demo -P ${password} -t 'salt/#' -v`,
    '',
    'Events of the master, until Ctrl-C:',
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function streamEvents(interrupted: Promise<unknown>, children: readonly Child[]): Promise<void> {
  const connection = await openConnection({
    endpoint: { kind: 'unix', path: socketPath },
    clientId: 'npm-start',
    keepaliveSeconds: 60,
    connectTimeoutMs: 5000,
    received(topic, payload) {
      process.stdout.write(`${topic.slice('salt/event/'.length)}\t${Buffer.from(payload).toString()}\n`);
    },
  });
  await connection.subscribe(['salt/event/#']);
  const [master, ...minions] = children;
  let isStopping = false;
  for (const { ended } of minions) void ended.then((how) => isStopping || process.stdout.write(`${how}\n`));
  await Promise.race([interrupted, failWhenOver(master === undefined ? [] : [master])]);
  isStopping = true;
  await connection.close();
  process.stdout.write('\nStopping …\n');
}

/** Minions first, so that none of them complains about a lost master. */
async function stopAll(children: readonly Child[]): Promise<void> {
  for (const child of [...children].reverse()) child.process.kill('SIGTERM');
  await Promise.all(children.map(({ ended }) => ended));
}
