import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import journald from '../../../../minion/beacons/journald.ts';
import sh from '../../../../minion/beacons/sh.ts';
import { createExec, type Exec, type ExecOptions } from '../../../../minion/lib/exec.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { watchBeacon, watchFromFirstLook } from '../../../support/watch_beacon.ts';

/** A process that a test writes for: `say` its output, `end` it with a status. */
function puppet() {
  const started: { argv: readonly string[]; options: ExecOptions; end: (retcode: number) => void }[] = [];
  const exec: Exec = (argv, options = {}) =>
    new Promise((resolve) => {
      const end = (retcode: number) => resolve({ pid: 1, retcode, stdout: '', stderr: '', timedOut: false });
      started.push({ argv, options, end });
    });
  return { exec, started };
}

describe('journald', () => {
  const services = { sshd: { SYSLOG_IDENTIFIER: 'sshd', PRIORITY: 6 } };
  const here = { ...journald, unavailable: () => undefined };
  const entry = (more: object) => `${JSON.stringify({ MESSAGE: 'hello', PRIORITY: '6', _PID: '77', ...more })}\n`;

  test('tells the entries that have all fields, however their bytes come', async () => {
    const { exec, started } = puppet();
    const beacon = await watchBeacon(here, [{ services }], { exec });
    const say = (text: string) => started[0]!.options.onOutput?.('stdout', text);
    expect(started[0]?.argv).toEqual(expect.arrayContaining(['journalctl', '--follow', '--output=json']));
    const line = entry({ SYSLOG_IDENTIFIER: 'sshd', BLOB: [104, 105] });
    say(entry({ SYSLOG_IDENTIFIER: 'cron' }) + entry({ SYSLOG_IDENTIFIER: 'sshd', PRIORITY: '3' }));
    say(line.slice(0, 20));
    say(`${line.slice(20)}no json\n`);
    await beacon.events.waitForCount(1);
    expect(beacon.events.all).toEqual([
      {
        tag: 'sshd',
        data: { MESSAGE: 'hello', PRIORITY: 6, _PID: 77, SYSLOG_IDENTIFIER: 'sshd', BLOB: 'hi' },
      },
    ]);
  });

  test('is started again when journalctl ends, with its reason', async () => {
    const { exec, started } = puppet();
    const beacon = await watchBeacon(here, [{ services }], { exec });
    started[0]!.options.onOutput?.('stderr', 'No journal files were found.\n');
    started[0]!.end(1);
    await beacon.reports.waitForCount(1);
    expect(beacon.reports.all[0]?.problem).toBe(
      'failed: journalctl ended with status 1: No journal files were found.; tried again after 1 s',
    );
    beacon.advance(1);
    await beacon.reports.waitForCount(1);
    expect(started).toHaveLength(2);
  });

  test('says why it cannot work without the journal', async () => {
    const root = await fixtureRoot({ 'usr/bin/journalctl': '' });
    expect(journald.unavailable?.(fakeContext({ root: await fixtureRoot({}) }))).toBe('there is no journalctl');
    expect(journald.unavailable?.(fakeContext({ root }))).toBe('journald does not run here');
  });
});

test('a followed process keeps nothing of its output, has no limit to it, and ends with its beacon', async () => {
  const abort = new AbortController();
  const log = fakeContext().log;
  const exec = createExec({ env: { PATH: process.env.PATH }, log, clock: systemClock, signal: abort.signal });
  let bytes = 0;
  const full = new Promise<void>((resolve) => {
    void exec(['yes'], {
      keepOutput: false,
      onOutput(_stream, text) {
        bytes += text.length;
        if (bytes > 12 * 1024 * 1024) resolve();
      },
    }).catch(() => undefined);
  });
  await full;
  abort.abort();
  await expect(exec(['true'])).rejects.toThrow('cancelled');
});

describe('sh', () => {
  const files = {
    'usr/bin/strace': '',
    'etc/shells': '# shells\n/bin/bash\n/bin/sh\n',
    'etc/passwd': 'amy:x:1000:100::/:/bin/sh\n',
    'proc/77/status': 'Name:\tbash\nUid:\t1000\t1000\t1000\t1000\n',
    'proc/77/cmdline': '-bash\0',
    'proc/78/status': 'Name:\tsh\nUid:\t0\t0\t0\t0\n',
    'proc/78/cmdline': '/bin/sh\0script.sh\0',
  };

  test('follows the shells that somebody types in, and tells what is started there', async () => {
    const { exec, started } = puppet();
    const beacon = await watchFromFirstLook(sh, [], { root: await fixtureRoot(files), exec });
    expect(started.map(({ argv }) => argv.at(-1))).toEqual(['77']);
    started[0]!.options.onOutput?.(
      'stderr',
      'strace: Process 77 attached\n[pid 80] execve("/usr/bin/ls", ["ls", "-l", "a \\"b\\""], 0x5 /* 9 vars */) = 0\n',
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(await beacon.tick()).toEqual([
      { tag: '77', data: { cmd: '/usr/bin/ls', args: ['ls', '-l', 'a "b"'], user: 'amy' } },
    ]);
    expect(started).toHaveLength(1);
  });

  test.runIf(existsSync('/usr/bin/strace'))('tells a real program in a real shell', async ({ skip }) => {
    const shell = spawn('/bin/sh', { argv0: 'sh', stdio: ['pipe', 'ignore', 'ignore'] });
    onTestFinished(() => void shell.kill('SIGKILL'));
    await once(shell, 'spawn');
    const probe = spawn('strace', ['-e', 'trace=none', '-p', String(shell.pid)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [said] = (await once(probe.stderr, 'data')) as [Buffer];
    probe.kill('SIGTERM');
    await once(probe, 'exit');
    skip(!said.toString().includes('attached'), 'this machine does not let processes be traced');
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    const settings = { env: { PATH: process.env.PATH }, log: fakeContext().log, clock: systemClock };
    const exec = createExec({ ...settings, signal: abort.signal });
    const beacon = await watchFromFirstLook(sh, [], { exec });
    // The shell is watched from when strace has attached to it: it is asked until it was heard.
    for (;;) {
      shell.stdin.write('/bin/echo heard\n');
      const events = await beacon.tick();
      const mine = events.find(({ tag }) => tag === String(shell.pid));
      if (mine === undefined) continue;
      expect(mine.data).toMatchObject({ cmd: '/bin/echo', args: ['/bin/echo', 'heard'] });
      return;
    }
  });
});
