import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BeaconEvent } from '../../minion/beacon.ts';
import btmpBeacon from '../../minion/beacons/btmp.ts';
import journaldBeacon from '../../minion/beacons/journald.ts';
import pkgBeacon from '../../minion/beacons/pkg.ts';
import serviceBeacon from '../../minion/beacons/service.ts';
import wtmpBeacon from '../../minion/beacons/wtmp.ts';
import { createExec } from '../../minion/lib/exec.ts';
import pkg from '../../minion/modules/pkg.ts';
import service from '../../minion/modules/service.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { fixtureRoot } from '../support/fixture_root.ts';
import { until } from '../support/until.ts';
import { type WatchedBeacon, watchBeacon, watchFromFirstLook } from '../support/watch_beacon.ts';

/** These change the machine that they run on, and put it back: Debian, as root. `.ci/run` runs them, `npm test` does not. */
const NAME = 'brine-machine-test';
const SCRIPT = `/etc/init.d/${NAME}`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'brine-machine-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const exec = createExec({
  env: process.env,
  log: silentLogger,
  clock: systemClock,
  signal: new AbortController().signal,
});
const dataOf = (events: readonly BeaconEvent[]) => events.map(({ data }) => data);
const run = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: 'utf8' });

/** A package without any file. */
function buildPackage(): string {
  const tree = join(directory, 'tree');
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
  const control = [
    `Package: ${NAME}`,
    'Version: 1.2-3',
    'Architecture: all',
    'Maintainer: nobody <nobody@example.com>',
    'Description: nothing at all',
  ];
  writeFileSync(join(tree, 'DEBIAN', 'control'), `${control.join('\n')}\n`);
  chmodSync(join(tree, 'DEBIAN'), 0o755);
  const file = join(directory, 'package.deb');
  run('dpkg-deb', '--root-owner-group', '--build', tree, file);
  return file;
}

test('pkg tells of a package that dpkg installs, and of its end', async () => {
  const file = buildPackage();
  const items = [{ pkgs: [NAME] }, { interval: 10 }];
  const beacon = await watchFromFirstLook(pkgBeacon, items, {
    exec,
    modules: { pkg },
    grains: { os_family: 'Debian' },
  });
  expect(beacon.first).toEqual([]);
  try {
    run('dpkg', '-i', file);
    expect(dataOf(await beacon.tick(10))).toEqual([{ pkg: NAME, version: '1.2-3', status: 'installed' }]);
  } finally {
    run('dpkg', '-P', NAME);
  }
  expect(dataOf(await beacon.tick(10))).toEqual([{ pkg: NAME, version: null, status: 'not-installed' }]);
});

/** An init script whose service is a process that does nothing. */
function writeInitScript(): void {
  const pidFile = join(directory, 'pid');
  const text = `#!/bin/sh
### BEGIN INIT INFO
# Provides: ${NAME}
# Required-Start:
# Required-Stop:
# Default-Start:
# Default-Stop:
### END INIT INFO
case "$1" in
  start) sleep 600 </dev/null >/dev/null 2>&1 & echo $! > ${pidFile} ;;
  stop) kill "$(cat ${pidFile})" && rm ${pidFile} ;;
  status) [ -e ${pidFile} ] && kill -0 "$(cat ${pidFile})" 2>/dev/null || exit 3 ;;
esac
`;
  writeFileSync(SCRIPT, text, { mode: 0o755 });
}

test('service tells of a service that init starts and stops', async () => {
  writeInitScript();
  let beacon: WatchedBeacon | undefined;
  try {
    const items = [{ services: { [NAME]: { onchangeonly: true } } }];
    const watched = await watchFromFirstLook(serviceBeacon, items, { exec, modules: { service } });
    beacon = watched;
    run('service', NAME, 'start');
    expect(dataOf(await watched.tick())).toEqual([{ service_name: NAME, [NAME]: { running: true } }]);
    run('service', NAME, 'stop');
    expect(dataOf(await watched.tick())).toEqual([{ service_name: NAME, [NAME]: { running: false } }]);
  } finally {
    await beacon?.stop();
    rmSync(SCRIPT);
  }
});

test.each([
  ['wtmp', wtmpBeacon, 7, { action: 'login' }],
  ['btmp', btmpBeacon, 6, {}],
] as const)('%s reads the records that the tools of this machine write', async (name, spec, type, more) => {
  const file = `var/log/${name}`;
  const root = await fixtureRoot({ [file]: '', 'etc/passwd': 'amy:x:1000:100::/:/bin/sh\n', 'etc/group': '' });
  const beacon = await watchFromFirstLook(spec, [], { root });
  const line = `[${type}] [04242] [ts/1] [amy     ] [pts/1       ] [192.0.2.9           ] [192.0.2.9      ] [2026-01-01T00:00:00,000000+00:00]\n`;
  writeFileSync(join(root, file), execFileSync('utmpdump', ['--reverse'], { input: line }));
  expect(dataOf(await beacon.tick())).toMatchObject([
    { type, PID: 4242, line: 'pts/1', user: 'amy', hostname: '192.0.2.9', time: 1_767_225_600, ...more },
  ]);
});

const JOURNAL = '/run/systemd/journal';
const ENTRIES = '/run/log/journal';

/** journald, where no service manager has started it; undefined where one has. */
function startJournald(): ChildProcess | undefined {
  if (existsSync(JOURNAL) || existsSync(ENTRIES)) return undefined;
  return spawn('/lib/systemd/systemd-journald', { stdio: 'ignore' });
}

async function endJournald(journald: ChildProcess | undefined): Promise<void> {
  if (journald === undefined) return;
  const ended = once(journald, 'exit');
  journald.kill();
  await ended;
  for (const path of [JOURNAL, ENTRIES]) rmSync(path, { recursive: true, force: true });
}

test('journald tells of what a program writes to the real journal', async () => {
  const own = startJournald();
  let beacon: WatchedBeacon | undefined;
  try {
    await until('journald listens', () => existsSync(`${JOURNAL}/stdout`));
    const services = { ours: { SYSLOG_IDENTIFIER: NAME } };
    const watched = await watchBeacon(journaldBeacon, [{ services }], { exec });
    beacon = watched;
    // It follows from some moment on that nobody is told of.
    const say = () => execFileSync('systemd-cat', ['-t', NAME, '-p', 'warning', 'echo', 'it works']);
    await until('an entry is told', () => {
      say();
      return watched.events.all.length > 0;
    });
    expect(watched.events.all[0]).toMatchObject({ tag: 'ours', data: { MESSAGE: 'it works', PRIORITY: 4, _UID: 0 } });
  } finally {
    await beacon?.stop();
    await endJournald(own);
  }
});
