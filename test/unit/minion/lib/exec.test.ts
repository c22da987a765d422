import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createExec, type Exec, type ExecSettings } from '../../../../minion/lib/exec.ts';
import { KILL_GRACE_MS } from '../../../../minion/lib/process_group.ts';
import { type Clock, systemClock } from '../../../../shared/clock.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { fakeClock } from '../../../support/fake_context.ts';

const env = { PATH: process.env.PATH, GREETING: 'hello', DROPPED: 'yes' };
const TIMEOUT_MS = 77_000;
const isRoot = process.geteuid?.() === 0;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'brine-exec-'));
});
afterAll(() => rm(dir, { recursive: true }));

function execWith(settings: Partial<ExecSettings> = {}): Exec {
  return createExec({ env, log: silentLogger, clock: systemClock, ...settings });
}

const exec = execWith();
const sh = (script: string): [string, ...string[]] => ['sh', '-c', script];

/** Dead, or dead and not yet collected by its new parent. */
async function isGone(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'x (gone) Z');
  return status.slice(status.lastIndexOf(')') + 2).startsWith('Z');
}

describe('a command', () => {
  test('gives its status and both outputs', async () => {
    const result = await exec(sh('printf out; printf err >&2; exit 3'));
    expect(result).toEqual({ pid: expect.any(Number), retcode: 3, stdout: 'out', stderr: 'err', timedOut: false });
  });

  test('that a signal ends has the status 128 + n', async () => {
    expect((await exec(sh('kill -KILL $$'))).retcode).toBe(137);
  });

  test('reads what it is given, and need not read it', async () => {
    expect((await exec(['cat'], { stdin: 'grüße' })).stdout).toBe('grüße');
    expect((await exec(['true'], { stdin: 'x'.repeat(1_000_000) })).retcode).toBe(0);
  });

  test('has nothing to read when nothing is given', async () => {
    expect((await exec(['cat'])).stdout).toBe('');
  });

  test('runs where it is told', async () => {
    expect((await exec(['pwd'], { cwd: dir })).stdout).toBe(`${dir}\n`);
  });

  test('sees the environment with additions and without what is removed', async () => {
    const script = 'printenv GREETING ADDED; printenv DROPPED || echo unset';
    const result = await exec(sh(script), { env: { ADDED: 'more', DROPPED: null } });
    expect(result.stdout).toBe('hello\nmore\nunset\n');
  });

  test('sees only what is given when the environment is clean', async () => {
    expect((await exec(['/usr/bin/env'], { cleanEnv: true, env: { ONE: '1' } })).stdout).toBe('ONE=1\n');
  });

  test('never inherits the socket of the service manager', async () => {
    const inherits = execWith({ env: { ...env, NOTIFY_SOCKET: '/run/x' } });
    expect((await inherits(sh('echo "[$NOTIFY_SOCKET]"'))).stdout).toBe('[]\n');
  });

  test('makes files by the umask', async () => {
    await exec(sh('touch masked'), { cwd: dir, umask: '0077' });
    expect((await stat(join(dir, 'masked'))).mode & 0o777).toBe(0o600);
  });

  test('has its outputs joined in the order written', async () => {
    const result = await exec(sh('for i in 1 2 3; do echo o$i; echo e$i >&2; done'), { mergeStderr: true });
    expect(result).toMatchObject({ stdout: 'o1\ne1\no2\ne2\no3\ne3\n', stderr: '' });
  });

  test('gets its arguments as they are, through every wrapper', async () => {
    const awkward = ['a b', "it's", '$HOME', '', ';', '*'];
    const result = await exec(['printf', '[%s]', ...awkward], { mergeStderr: true, umask: '022' });
    expect(result.stdout).toBe("[a b][it's][$HOME][][;][*]");
  });

  test('is reported piece by piece, with characters whole', async () => {
    const pieces: string[] = [];
    // One byte first, so that pipe buffers end in the middle of a character.
    const text = `x${'ü'.repeat(200_000)}`;
    const result = await exec(['cat'], { stdin: text, onOutput: (stream, piece) => pieces.push(stream, piece) });
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.filter((_piece, index) => index % 2 === 1).join('')).toBe(text);
    expect(result.stdout).toBe(text);
  });

  test('can write in another encoding', async () => {
    const printLatin = sh(String.raw`printf '\374'`);
    expect((await exec(printLatin, { encoding: 'latin1' })).stdout).toBe('ü');
    expect((await exec(printLatin)).stdout).toBe('\ufffd');
    await expect(exec(['true'], { encoding: 'klingon' })).rejects.toThrow('unknown encoding: klingon');
  });

  test('in the background is not waited for', async () => {
    const fifo = join(dir, 'fifo');
    await exec(['mkfifo', fifo]);
    // It can end only after the call has returned, when the pipe is opened for reading.
    const { pid, stdout } = await exec(sh('echo $$ > "$0"').concat(fifo) as [string], { background: true });
    expect(stdout).toBe('');
    expect(await readFile(fifo, 'utf8')).toBe(`${pid}\n`);
  });
});

describe('a command that cannot be started', () => {
  test.each([
    [
      ['no-such-program', 'x'],
      {},
      "unable to run command '['no-such-program', 'x']', reason: [Errno 2] No such file or directory: 'no-such-program'",
    ],
    [
      ['/etc/passwd'],
      {},
      "unable to run command '['/etc/passwd']', reason: [Errno 13] Permission denied: '/etc/passwd'",
    ],
    [['no-such-program'], { mergeStderr: true }, '[Errno 2]'],
    [['echo', 'a\0b'], {}, 'embedded null byte'],
    [['true'], { cwd: '/no/such' }, "specified cwd '/no/such' either not absolute or does not exist"],
    [['true'], { cwd: '.' }, "specified cwd '.' either not absolute or does not exist"],
    [['true'], { runas: 'no-such-user' }, "cannot run a command as 'no-such-user': user 'no-such-user' does not exist"],
    [
      ['true'],
      { group: 'no-such-group' },
      "cannot run a command with another group: group 'no-such-group' does not exist",
    ],
  ] as [[string, ...string[]], object, string][])('%j %j says why', async (argv, options, message) => {
    await expect(exec(argv, options)).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringContaining(message),
    });
  });
});

describe('a command that takes too long', () => {
  test('ends with all its descendants', async () => {
    let runOut = (): void => undefined;
    const clock: Clock = {
      ...systemClock,
      after(delayMs, run) {
        if (delayMs !== TIMEOUT_MS) return systemClock.after(delayMs, run);
        runOut = run;
        return { stop: () => undefined };
      },
    };
    let written = '';
    const result = await execWith({ clock })(sh('sleep 60 & echo $!; sleep 60 >/dev/null 2>&1 & echo $!; wait'), {
      timeoutMs: TIMEOUT_MS,
      onOutput(_stream, text) {
        written += text;
        if (written.split('\n').length === 3) runOut();
      },
    });
    expect(result).toMatchObject({ timedOut: true, retcode: 143 });
    for (const pid of written.trim().split('\n')) expect(await isGone(Number(pid))).toBe(true);
  });

  test('is killed when it does not heed SIGTERM', async () => {
    const clock = fakeClock();
    const trapping = sh('trap "echo heard" TERM; echo ready; while :; do sleep 0.02; done');
    const result = await execWith({ clock })(trapping, {
      timeoutMs: 1000,
      onOutput(_stream, text) {
        if (text.includes('ready')) clock.advance(1000);
        if (text.includes('heard')) clock.advance(KILL_GRACE_MS);
      },
    });
    expect(result).toMatchObject({ timedOut: true, retcode: 137, stdout: 'ready\nheard\n' });
  });

  test('does not hold the caller by a descendant that left the group', async () => {
    const clock = fakeClock();
    const result = await execWith({ clock })(sh('setsid sleep 5 & echo ready; wait'), {
      timeoutMs: 1000,
      onOutput: () => clock.advance(1000 + KILL_GRACE_MS),
    });
    expect(result.timedOut).toBe(true);
  });

  test('stops its timer when it ends in time', async () => {
    const stop = vi.fn();
    const clock = { ...fakeClock(), after: () => ({ stop }) };
    expect((await execWith({ clock })(['true'], { timeoutMs: 1000 })).timedOut).toBe(false);
    expect(stop).toHaveBeenCalledOnce();
  });
});

describe('a command of a job that is cancelled', () => {
  test('ends with all its descendants and throws', async () => {
    const controller = new AbortController();
    let grandchild = 0;
    const running = execWith({ signal: controller.signal })(sh('sleep 60 & echo $!; wait'), {
      onOutput(_stream, text) {
        grandchild = Number(text);
        controller.abort();
      },
    });
    await expect(running).rejects.toThrow('was cancelled');
    expect(await isGone(grandchild)).toBe(true);
  });

  test('is not started any more', async () => {
    const pids: number[] = [];
    const dead = execWith({ signal: AbortSignal.abort(), onChild: (pid) => pids.push(pid) });
    await expect(dead(['true'])).rejects.toThrow("command ['true'] was cancelled");
    expect(pids).toEqual([]);
  });

  test('ends when that came while it was started', async () => {
    const controller = new AbortController();
    // The last look before the process is there.
    const log = { ...silentLogger, debug: () => queueMicrotask(() => controller.abort()) };
    const running = execWith({ log, signal: controller.signal })(['sleep', '60']);
    await expect(running).rejects.toThrow('was cancelled');
  });

  test('is made known while it runs', async () => {
    const seen: [number, Promise<unknown>][] = [];
    const result = await execWith({ onChild: (pid, ended) => seen.push([pid, ended]) })(['true']);
    expect(seen).toEqual([[result.pid, expect.any(Promise)]]);
    await seen[0]?.[1];
  });
});

test('a command that writes without end is killed, and the limit is named', async () => {
  await expect(exec(['yes'], { outputBytesMax: 5000 })).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: "command ['yes'] wrote more than 5000 bytes, the limit of its output, and was killed",
  });
});

test('both outputs count together against the limit', async () => {
  const script = sh('printf 12345; printf 12345 >&2');
  await expect(exec(script, { outputBytesMax: 9 })).rejects.toThrow('more than 9 bytes');
  expect((await exec(script, { outputBytesMax: 10 })).stdout).toBe('12345');
});

test('only root may run a command as another user', async () => {
  await expect(execWith({ euid: 1000 })(['true'], { runas: 'root' })).rejects.toThrow(
    "cannot run a command as 'root': must be root",
  );
});

describe.skipIf(!isRoot)('as root, a command', () => {
  test('runs as another user with its groups and home', async () => {
    const root = await mkdtemp(join(tmpdir(), 'brine-exec-root-'));
    await mkdir(join(root, 'etc'));
    await writeFile(join(root, 'etc/passwd'), 'ada:x:4711:4712:Ada:/home/ada:/bin/sh\n');
    await writeFile(join(root, 'etc/group'), 'ada:x:4712:\nwheel:x:4713:bob,ada\nother:x:4714:bob\n');
    const asAda = execWith({ root });
    const script = sh('id -u; id -g; id -G; echo $HOME $USER $LOGNAME');
    expect((await asAda(script, { runas: 'ada', cwd: '/' })).stdout).toBe('4711\n4712\n4712 4713\n/home/ada ada ada\n');
    expect((await asAda(script, { runas: 'ada', group: 'other', mergeStderr: true, umask: '077' })).stdout).toBe(
      '4711\n4714\n4714 4713\n/home/ada ada ada\n',
    );
    await rm(root, { recursive: true });
  });

  test('runs as nobody', async () => {
    expect((await exec(['id', '-un'], { runas: 'nobody' })).stdout).toBe('nobody\n');
  });

  test('runs with another group alone', async () => {
    expect((await exec(sh('id -u; id -gn'), { group: 'daemon' })).stdout).toBe('0\ndaemon\n');
  });
});

test('a command that writes too much may be let run to its end, and both ends of its output are told', async () => {
  const script = ['sh', '-c', 'echo begin; yes middle | head -n 2000; echo end; exit 3'] as [string, ...string[]];
  await expect(exec(script, { outputBytesMax: 9000, keepsEnds: true })).rejects.toThrow(
    /ended with status 3 and wrote 14010 bytes, more than its output may have \(9000\)\n--- it begins with:\nbegin\nmiddle\n.*--- it ends with:\n.*middle\nend\n$/s,
  );
});
