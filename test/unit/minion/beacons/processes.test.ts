import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import pkg from '../../../../minion/beacons/pkg.ts';
import ps from '../../../../minion/beacons/ps.ts';
import saltMonitor from '../../../../minion/beacons/salt_monitor.ts';
import service from '../../../../minion/beacons/service.ts';
import status from '../../../../minion/beacons/status.ts';
import statusModule from '../../../../minion/modules/status.ts';
import { FleetError } from '../../../../shared/errors.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { watchBeacon, watchFromFirstLook } from '../../../support/watch_beacon.ts';

const here = (spec: typeof service) => ({ ...spec, unavailable: () => undefined });
const dataOf = (events: readonly { data: Readonly<Record<string, unknown>> }[]) => events.map(({ data }) => data);

test('ps tells of a real process by its name, while it runs and when it stopped', async () => {
  const child = spawn('sleep', ['600'], { argv0: 'sleep' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const processes = { node: 'running', 'no-such-process': 'stopped' };
  const beacon = await watchFromFirstLook(ps, [{ processes: { ...processes, sleep: 'running' } }]);
  expect(dataOf(beacon.first)).toEqual(
    expect.arrayContaining([{ 'no-such-process': 'Stopped' }, { sleep: 'Running' }]),
  );
});

test('ps knows names that the kernel cut, and tells once with onchangeonly', async () => {
  const root = await fixtureRoot({
    'proc/1/comm': 'init\n',
    'proc/7/comm': 'a-very-long-nam\n',
    'proc/7/cmdline': '/usr/bin/a-very-long-name\0--serve\0',
    'proc/8/comm': 'another-long-na\n',
    'proc/8/cmdline': 'python3\0x.py\0',
    'proc/version': '',
  });
  const processes = { 'a-very-long-name': 'stopped', 'another-long-na': 'running' };
  const beacon = await watchFromFirstLook(ps, [{ processes }, { onchangeonly: true }], { root });
  expect(dataOf(beacon.first)).toEqual([{ 'another-long-na': 'Running' }]);
  await rm(join(root, 'proc/7'), { recursive: true });
  expect(dataOf(await beacon.tick())).toEqual([{ 'a-very-long-name': 'Stopped' }]);
  expect(await beacon.tick()).toEqual([]);
});

test('service tells each service with its own timing, and a pid file that was left behind', async () => {
  const root = await fixtureRoot({});
  const running: Record<string, boolean> = { nginx: true, mysql: true };
  const functions = { 'service.status': ([name]: readonly unknown[]) => running[String(name)] };
  const services = { nginx: { onchangeonly: true, uncleanshutdown: '/nginx.pid' }, mysql: null };
  const beacon = await watchFromFirstLook(here(service), [{ services }], { root, functions });
  expect(beacon.first.map(({ tag }) => tag)).toEqual(['nginx', 'mysql']);
  expect(dataOf(await beacon.tick())).toEqual([{ service_name: 'mysql', mysql: { running: true } }]);
  await writeFile(join(root, 'nginx.pid'), '1\n');
  Object.assign(running, { nginx: false });
  expect(dataOf(await beacon.tick())[0]).toEqual({
    service_name: 'nginx',
    nginx: { running: false, uncleanshutdown: true },
  });
});

test('service waits for its delay before it tells a change', async () => {
  let isRunning = true;
  const functions = { 'service.status': () => isRunning };
  const items = [{ services: { nginx: { delay: 3 } } }, { onchangeonly: true }, { emitatstartup: false }];
  const beacon = await watchFromFirstLook(here(service), items, { functions });
  expect(beacon.first).toEqual([]);
  isRunning = false;
  const told: number[] = [];
  for (let second = 0; second < 5; second++) told.push((await beacon.tick()).length);
  expect(told).toEqual([0, 0, 0, 1, 0]);
});

test('status tells what functions of the status module return, or parts of it', async () => {
  const modules = { status: statusModule };
  const wanted = [{ loadavg: ['1-min'] }, { nproc: [0] }, { meminfo: 'all' }, { loadavgs: ['all'] }];
  const { first, context } = await watchFromFirstLook(status, wanted, { modules });
  const [event] = first;
  expect(event?.tag).toBe('2026-01-01T00:00:00.000000');
  expect(event?.data).toEqual({
    data: {
      loadavg: { '1-min': expect.any(Number) },
      nproc: expect.any(Number),
      meminfo: expect.objectContaining({ MemTotal: { unit: 'kB', value: expect.any(String) } }),
      loadavgs: {},
    },
  });
  expect(context.logged.map(({ fields }) => fields.fun)).toEqual(['loadavgs']);
});

test('status without any function tells the five of Salt, and names an item that there is not', async () => {
  const modules = { status: statusModule };
  const all = await watchFromFirstLook(status, [], { modules });
  expect(Object.keys(all.first[0]?.data.data as object)).toEqual(['loadavg', 'cpustats', 'meminfo', 'vmstats', 'time']);
  const wrong = await watchFromFirstLook(status, [{ loadavg: ['2-min'] }], { modules });
  expect(wrong.first[0]?.data.data).toEqual({ loadavg: "Status beacon is incorrectly configured: '2-min'" });
});

test('salt_monitor tells what functions return when it is something', async () => {
  const functions = {
    'test.ping': () => true,
    'cmd.run': (args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>) => [...args, kwargs],
    'test.nothing': () => ({}),
  };
  const salt_fun = ['test.ping', 'test.nothing', { 'cmd.run': { args: ['ls'], kwargs: [{ cwd: '/' }] } }];
  const beacon = await watchFromFirstLook(saltMonitor, [{ salt_fun }], { functions });
  expect(dataOf(beacon.first)).toEqual([
    { salt_fun: 'test.ping', ret: true },
    { salt_fun: 'cmd.run', ret: ['ls', { cwd: '/' }], args: ['ls'], kwargs: { cwd: '/' } },
  ]);
  const one = await watchFromFirstLook(saltMonitor, [{ salt_fun: 'test.nothing' }], { functions });
  expect(dataOf(one.first)).toEqual([{ salt_fun: 'test.nothing', ret: {} }]);
});

test('salt_monitor is a problem of its own when a function fails', async () => {
  const functions = {
    'test.fails': () => {
      throw new FleetError('COMMAND_FAILED', 'it failed');
    },
  };
  const beacon = await watchFromFirstLook(saltMonitor, [{ salt_fun: 'test.fails' }], { functions });
  expect(beacon.reports.all[0]?.problem).toBe('failed: it failed; tried again after 1 s');
  await expect(watchBeacon(saltMonitor, [{ salt_fun: 'ping' }])).rejects.toThrow('must be a function');
});

test('pkg tells when the state of a package changes, and not how it was at first', async () => {
  const versions: Record<string, readonly [installed: string, latest: string]> = { zsh: ['', ''], bash: ['5.1', ''] };
  const functions = {
    'pkg.version': ([name]: readonly unknown[]) => versions[String(name)]?.[0],
    'pkg.latest_version': ([name]: readonly unknown[]) => versions[String(name)]?.[1],
  };
  const items = [{ pkgs: ['zsh', 'bash'] }, { refresh: true }, { interval: 10 }];
  const beacon = await watchFromFirstLook(here(pkg), items, { functions });
  expect(beacon.first).toEqual([]);
  versions.zsh = ['5.9', ''];
  versions.bash = ['5.1', '5.2'];
  expect(dataOf(await beacon.tick(10))).toEqual([
    { pkg: 'zsh', version: '5.9', status: 'installed' },
    { pkg: 'bash', version: '5.2', status: 'upgrade' },
  ]);
  versions.zsh = ['', ''];
  expect(dataOf(await beacon.tick(10))).toEqual([{ pkg: 'zsh', version: null, status: 'not-installed' }]);
  const refreshed = beacon.context.calls.filter(({ kwargs }) => kwargs.refresh === true);
  expect(refreshed.map(({ args }) => args)).toEqual([['bash'], ['zsh'], ['bash']]);
});
