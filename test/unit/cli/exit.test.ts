import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Host, runCommand } from '../../../cli/exit.ts';
import { FleetError } from '../../../shared/errors.ts';

function fakeHost(...argv: string[]) {
  const exits: number[] = [];
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const host: Host = { argv, stdout, stderr, exit: (status) => exits.push(status) };
  return { host, exits, stdout, told: () => String(stderr.read() ?? '') };
}

const fail = (error: unknown) => async (): Promise<number> => {
  throw error;
};

describe('runCommand', () => {
  it('ends with what the command answers, and with 0 for no answer', async () => {
    const { host, told } = fakeHost();
    await runCommand('salt', async () => 2, host);
    expect(host.exitCode).toBe(2);
    await runCommand('salt', async () => {}, host);
    expect(host.exitCode).toBe(0);
    expect(told()).toBe('');
  });

  it('keeps the process alive while the command runs: the timers of the clock do not', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const { host } = fakeHost();
    await runCommand('salt', async () => timers(), host);
    expect([host.exitCode, timers()]).toEqual([before + 1, before]);
  });

  it('tells a failure and its remedy in one line and ends with its status', async () => {
    const { host, told, exits } = fakeHost();
    await runCommand(
      'salt',
      fail(new FleetError('MASTER_UNREACHABLE', 'no socket', { hint: 'start salt-master' })),
      host,
    );
    expect(told()).toBe('salt: no socket; start salt-master\n');
    expect(host.exitCode).toBe(69);
    expect(exits).toEqual([]);
  });

  it('disarms escape sequences in what a failure tells', async () => {
    const { host, told } = fakeHost();
    await runCommand('salt', fail(new FleetError('COMMAND_FAILED', 'minion says \x1b[2J')), host);
    expect(told()).toBe('salt: minion says ?[2J\n');
  });

  it('calls a bug a bug, without its stack', async () => {
    const { host, told } = fakeHost('salt', '-l', 'info');
    await runCommand('salt', fail(new TypeError('x is not a function')), host);
    expect(told()).toBe('salt: TypeError: x is not a function; this is a bug; run with -l debug to see the stack\n');
    expect(host.exitCode).toBe(70);
  });

  it.each([[['-l', 'debug']], [['-ltrace']], [['--log-level', 'all']], [['--log-level=debug']]])(
    'shows the stack of a bug with %j',
    async (argv) => {
      const { host, told } = fakeHost(...argv);
      await runCommand('salt', fail(new TypeError('boom')), host);
      expect(told()).toMatch(/^salt: TypeError: boom\n {4}at .*exit\.test/);
    },
  );

  it('ends silently when the reader of its output is gone', async () => {
    const { host, exits, stdout, told } = fakeHost();
    await runCommand('salt', async () => {}, host);
    stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(exits).toEqual([0]);
    expect(told()).toBe('');
  });

  it('tells when its output cannot be written', async () => {
    const { host, exits, stdout, told } = fakeHost();
    await runCommand('salt', async () => {}, host);
    stdout.emit('error', Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    expect(exits).toEqual([66]);
    expect(told()).toBe('salt: cannot write to standard output: ENOSPC\n');
  });
});
