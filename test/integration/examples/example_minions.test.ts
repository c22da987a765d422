import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Examination } from '../../../master/conformance/examine.ts';
import { testWith } from '../../support/installed.ts';
import { repositoryRoot } from '../../support/source_tree.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { type AddedTestDevice, addDevice } from '../../support/test_device.ts';

const examples = join(repositoryRoot, 'examples/minions');

let fleet: TestFleet;
let dir: string;
const groups: Group[] = [];

beforeAll(async () => {
  fleet = await startFleet({ master: { tcp_interface: '127.0.0.1', tcp_port: 0 } });
  dir = fleet.directory;
});
afterEach(async () => {
  for (const group of groups.splice(0)) {
    group.kill();
    await group.ended;
  }
});
afterAll(() => fleet.stop());

const port = (): string => fleet.master().addresses[2]?.split(':').at(-1) ?? '';

/** A process and all that it starts. */
interface Group {
  kill(): void;
  readonly ended: Promise<unknown>;
}

/** Resolves when the master sees it. */
async function started(id: string, [file, ...args]: readonly [string, ...string[]]): Promise<Group> {
  const from = fleet.events.all.length;
  const online = fleet.events.waitFor(
    (event) =>
      event.tag === 'salt/presence/change' &&
      fleet.events.all.indexOf(event) >= from &&
      (event.data.new as string[]).includes(id),
  );
  const child = spawn(file, args, { detached: true, stdio: 'ignore' });
  const group = { kill: () => void process.kill(-(child.pid ?? 0), 'SIGKILL'), ended: once(child, 'exit') };
  groups.push(group);
  await Promise.race([online, group.ended.then(() => Promise.reject(new Error(`${file} ended`)))]);
  return group;
}

async function examine(id: string, timeout = 5): Promise<Examination> {
  return (await fleet.call('runner', 'conformance.run', [id], { timeout })) as Examination;
}

const environment = ({ id, password, hmac_key: key }: AddedTestDevice, state: string, packet: number): string[] => [
  'SALT_HOST=127.0.0.1',
  `SALT_PORT=${port()}`,
  `SALT_ID=${id}`,
  `SALT_PASSWORD=${password}`,
  `SALT_HMAC_KEY=${key}`,
  `SALT_MAX_PACKET=${packet}`,
  `SALT_STATE=${state}`,
];

/** What is wrong with it, in words; and that it runs nothing again after it was killed. */
async function expectLevel(id: string, level: string, command: readonly [string, ...string[]]): Promise<void> {
  const group = await started(id, command);
  const result = await examine(id);
  expect(result.checks.filter((check) => check.result === 'failed')).toEqual([]);
  expect(result).toMatchObject({ level, max_packet: { answered: result.max_packet.declared } });

  const before = await fleet.run(id, 'test.count');
  group.kill();
  await group.ended;
  groups.splice(0);
  await started(id, command);
  const after = await fleet.run(id, 'test.count');
  for (const steps of [before, after]) {
    expect(steps.find(({ t }) => t === 'ret')).toMatchObject({ success: true, return: expect.any(Number) });
  }
}

testWith(['mosquitto_sub', 'mosquitto_pub', 'openssl'])('forty lines of shell are a minion', async () => {
  const device = await addDevice(fleet, 'shell', { max_packet: 1024 });
  const state = join(dir, 'shell-state');
  mkdirSync(state);
  const script = join(examples, 'shell/minion.sh');
  await expectLevel('shell', 'L1', ['env', ...environment(device, state, 1024), 'sh', script]);
  expect(spawnSync('wc', ['-l', script]).stdout.toString()).toMatch(/^(3\d|40) /);
});

testWith(['python3'])('Python with paho is a minion that stops jobs and pulls what does not fit', async () => {
  const device = await addDevice(fleet, 'python', { max_packet: 256, blocks: true, functions: undefined });
  const state = join(dir, 'python');
  mkdirSync(state);
  const script = join(examples, 'python/minion.py');
  await expectLevel('python', 'L2', ['env', ...environment(device, state, 256), '/usr/bin/python3', script]);
});

const microScript = join(examples, 'micropython/minion.py');

async function microFolder(id: string): Promise<string> {
  const device = await addDevice(fleet, id, { max_packet: 256 });
  const folder = join(dir, id);
  mkdirSync(folder);
  const config = { ...device, host: '127.0.0.1', tcp_port: Number(port()), max_packet: 256 };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  return folder;
}

testWith(['python3'])('the minion of MicroPython works under CPython', async () => {
  await expectLevel('micro-c', 'L1', ['python3', microScript, await microFolder('micro-c')]);
});

// Debian 12 has no package: .ci/run says where it cannot be had.
const hasMicroPython = spawnSync('micropython', ['-c', 'pass']).status === 0;
const testMicro = test.skipIf(!hasMicroPython);

testMicro('the minion of MicroPython works under MicroPython, in 64 kB', async () => {
  await expectLevel('micro', 'L1', ['micropython', '-X', 'heapsize=64k', microScript, await microFolder('micro')]);
});

testMicro('the minion of MicroPython learns the time from the master where it counts from 2000', async () => {
  const folder = await microFolder('micro-2000');
  // Its own module comes first; what was started without a clock is at the beginning of 2000.
  writeFileSync(
    join(folder, 'time.py'),
    [
      'import sys',
      'path = sys.path[:]',
      'sys.path.clear()',
      'import time as unix',
      'sys.path.extend(path)',
      'begun = unix.time()',
      'time = lambda: unix.time() - begun',
      'sleep = unix.sleep',
      'gmtime = lambda seconds: (2000, 1, 1, 0, 0, 0, 5, 1)',
    ].join('\n'),
  );
  const command = ['env', `MICROPYPATH=${folder}:.frozen`, 'micropython', microScript, folder] as const;
  await expectLevel('micro-2000', 'L1', command);
});

testWith(['cc', 'size'])('C with static buffers is a minion of at most 20 kB', async () => {
  const device = await addDevice(fleet, 'static', { max_packet: 256 });
  const folder = join(dir, 'c');
  mkdirSync(folder);
  const program = join(folder, 'minion');
  const flags = ['-std=c99', '-Os', '-Wall', '-Wextra', '-Werror'];
  const built = spawnSync('cc', [...flags, '-o', program, join(examples, 'c/minion.c')], { encoding: 'utf8' });
  expect(built.stderr).toBe('');
  const text = Number(spawnSync('size', [program], { encoding: 'utf8' }).stdout.split('\n')[1]?.trim().split(/\s+/)[0]);
  expect(text).toBeLessThanOrEqual(20_000);
  writeFileSync(join(folder, 'password'), `${device.password}\n`);
  writeFileSync(join(folder, 'key'), `${device.hmac_key}\n`);
  const files = ['password', 'key', 'ledger'].map((name) => join(folder, name));
  await expectLevel('static', 'L1', [program, '127.0.0.1', port(), 'static', ...files]);
});
