import { chmodSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { useProcesses } from '../support/fleet_processes.ts';
import { expectGolden } from '../support/golden.ts';
import { canBeNobody, runProgram } from '../support/program.ts';
import { transcript } from '../support/transcript.ts';

/** A line of a stack, as V8 writes them; in the log it is part of a longer one. */
const STACK = /\s+at \S.*:\d+:\d+\)?/;

describe('a wrong command line', () => {
  const fleet = useProcesses({ minions: ['m1'] });
  const show = (...commands: (readonly string[])[]) => transcript(fleet().dir, fleet().cli, commands);

  it('is told in one line that says what to write instead', async () => {
    const text = await show(
      ['salt'],
      ['salt', 'm1'],
      ['salt', 'm1', 'ping'],
      ['salt', 'completion'],
      ['salt', '-d', 'm1', 'nope'],
      ['salt', '-d', 'm1', 'test.false', 'test.nope'],
      ['salt', '-R', 'm[1-3]', 'test.ping'],
      ['salt', 'm1', 'test.echo,test.ping', 'text', ',', '--args-separator', ','],
      ['salt', 'm1', 'test.echo,test.ping', 'text', ',', ','],
      ['salt', '--nonsense', 'm1', 'test.ping'],
      ['salt', '--statik', 'm1', 'test.ping'],
      ['salt', 'm1', 'test.ping', '-l', 'loud'],
      ['salt', 'm1', 'test.ping', '--timeout', 'soon'],
      ['salt', 'm1', 'test.ping', '--queue-for', 'ever'],
      ['salt', 'm1', 'test.ping', '--out', 'jason'],
      ['salt', 'm1', 'test.ping', '--out-indent', 'wide'],
      ['salt', 'm1', 'test.ping', '--state-output', 'loud'],
      ['salt', 'm1', 'test.ping', '--state-verbose', 'maybe'],
      ['salt', 'm1', 'test.ping', '--metadata', '[1]'],
      ['salt', '-E', '-L', 'm1', 'test.ping'],
      ['salt', '-E', '(', 'test.ping'],
      ['salt', '', 'test.ping'],
      ['salt-run'],
      ['salt-run', 'manage'],
      ['salt-run', 'manage.uo'],
      ['salt-run', 'mange.up'],
      ['salt-run', 'manage.wipe'],
      ['salt-run', 'sheep.count'],
      ['salt-run', '-d', 'nope'],
      ['salt-run', 'state.orchestrate', 'deploy'],
      ['salt-run', 'manage.up', '-t', 'soon'],
      ['salt-run', 'jobs.lookup_jid', '20260101000000000000'],
      ['salt-run', 'jobs.list_jobs', 'start_time=yesterday'],
      ['salt-key', '-l', 'foo'],
      ['salt-key', '--gen-token', '--ttl', 'long'],
      ['salt-key', '-a', 'm7', '-d', 'm8', '-y'],
      ['salt-key', '-A', '--gen-token'],
      ['salt-key', '--gen-keys', 'm7'],
      ['salt-key', '-d', 'm7', 'm8', '-y'],
      ['salt-call'],
      ['salt-call', 'ping'],
      ['salt-call', '-d', 'nope'],
      ['salt-call', '-l', 'loud', 'test.ping'],
      ['salt-master', '--nonsense'],
      ['salt-master', 'start'],
      ['salt-minion', '-l', 'loud'],
    );
    expectGolden('commands/wrong_command_lines.txt', text);
    expect(text).not.toMatch(STACK);
    await fleet().expectPing();
  });

  it('of a function is answered by the minion, with what the function takes', async () => {
    const text = await show(
      ['salt', 'm1', 'no.such'],
      ['salt', 'm1', 'test.pin'],
      ['salt', 'm1', 'state.apply', 'web'],
      ['salt-call', 'pillar.items'],
      ['salt', 'm1', 'test.ping', 'nonsense'],
      ['salt', 'm1', 'test.sleep', 'long'],
      ['salt', 'm1', 'test.sleep', 'lenght=1'],
      ['salt', 'm1', 'test.exception', 'what went wrong'],
    );
    expectGolden('commands/wrong_calls.txt', text);
    expect(text).not.toMatch(STACK);
    await fleet().expectPing();
  });

  it('shows a stack only with -l debug', async () => {
    const call = (...args: string[]) => fleet().cli('salt-call', ['test.exception', 'wrong', ...args]);
    expect((await call()).stderr).not.toMatch(STACK);
    expect((await call('-l', 'debug')).stderr).toMatch(STACK);
  });

  it.skipIf(process.getuid?.() !== 0 || !canBeNobody())('of another user is told whose command it is', async () => {
    for (const path of [fleet().dir, fleet().file('master'), fleet().file('master', 'run')]) chmodSync(path, 0o755);
    const args = ['-c', fleet().configDir('master'), 'm1', 'test.ping'];
    const { stdout, stderr, status } = await runProgram('salt', args, { asNobody: true });
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^salt: .*operator\.sock: permission denied; run the command as the user that runs salt-master\n$/,
    );
    expect(status).toBe(77);
  });

  it('is told that the master is not running, with status 69', async () => {
    await fleet().master().stop();
    const down = (name: string, ...args: string[]) => fleet().cli(name, args);
    for (const result of [
      await down('salt', 'm1', 'test.ping'),
      await down('salt-key', '-L'),
      await down('salt-run', 'manage.up'),
    ]) {
      expect(result.stdout).toBe('');
      expect(result.stderr).toMatch(
        /^salt[\w-]*: the master is not running: there is no .*operator\.sock; start salt-master, or name its configuration directory with -c\n$/,
      );
      expect(result.status).toBe(69);
    }
    expect(await down('salt-call', 'test.ping')).toMatchObject({ stdout: 'local:\n    True\n', status: 0 });
    const back = fleet()
      .minion('m1')
      .nextLine(/connected to the master/);
    await fleet().startMaster();
    await back;
    await fleet().expectPing();
  });

  it('is told that a master that hangs does not respond, and where to look', async () => {
    fleet().master().kill('SIGSTOP');
    const result = await fleet().cli('salt-run', ['-t', '1', 'manage.up']);
    fleet().master().kill('SIGCONT');
    expect(result).toEqual({
      stdout: '',
      stderr:
        'salt-run: Salt request timed out. The master is not responding; look at the log of salt-master, or run: salt doctor\n',
      status: 69,
    });
  });

  it('is told that nobody listens on the socket of a master that was killed', async () => {
    fleet().master().kill('SIGKILL');
    await fleet().master().ended;
    const { stderr, status } = await fleet().cli('salt', ['m1', 'test.ping']);
    expect(stderr).toMatch(
      /^salt: the master is not running: nobody listens on .*operator\.sock; start salt-master, or name/,
    );
    expect(status).toBe(69);
  });
});
