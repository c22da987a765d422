import { existsSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { useProcesses } from '../support/fleet_processes.ts';
import { expectGolden } from '../support/golden.ts';
import { runPipeline, startProgram } from '../support/program.ts';
import { transcript } from '../support/transcript.ts';
import { until } from '../support/until.ts';

/** `m1` is there, `gone` was: what is said of it comes first, at once, so that what is printed has one order. */
const fleet = useProcesses({ minions: ['m1', 'gone'] });
const salt = (...args: string[]) => fleet().cli('salt', args);

beforeAll(async () => {
  await fleet().minion('gone').stop();
  await until('the master knows that the minion has gone', async () =>
    (await fleet().cli('salt-run', ['manage.down'])).stdout.includes('gone'),
  );
});

async function expectTranscript(file: string, commands: readonly (readonly string[])[]): Promise<void> {
  expectGolden(`commands/${file}.txt`, await transcript(fleet().dir, fleet().cli, commands));
}

describe('salt', () => {
  it('prints what minions return in every form there is', async () => {
    const forms = [
      'nested',
      'json',
      'yaml',
      'raw',
      'pprint',
      'txt',
      'newline_values_only',
      'highstate',
      'table',
      'quiet',
    ];
    await expectTranscript('salt_out', [
      ['salt', '*', 'test.ping'],
      ...forms.map((form) => ['salt', '*', 'test.ping', '--out', form]),
      ['salt', 'm1', 'test.arg', '1', 'two', '[3, 4]', 'five={six: 7}', '--output=json', '--out-indent=-1'],
    ]);
  });

  it('prints the job id, counts, and everything at once when it is asked to', async () => {
    await expectTranscript('salt_options', [
      ['salt', 'm1', 'test.ping', '-v'],
      ['salt', 'm1', 'test.ping', '--show-jid'],
      ['salt', '*', 'test.ping', '--summary'],
      ['salt', '*', 'test.ping', '--summary', '-v'],
      ['salt', '*', 'test.ping', '--static'],
      ['salt', '*', 'test.ping', '--static', '--out', 'json'],
      ['salt', '*', 'test.ping', '--hide-timeout'],
    ]);
  });

  it('selects minions by glob, regular expression and list, and names those of a list that there are not', async () => {
    await expectTranscript('salt_targets', [
      ['salt', 'm[0-9]', 'test.ping'],
      ['salt', '-E', 'm\\d$', 'test.ping'],
      ['salt', '-L', 'm1,nobody', 'test.ping'],
      ['salt', 'nobody', 'test.ping'],
    ]);
  });

  it('prints documentation', async () => {
    await expectTranscript('salt_doc', [
      ['salt', 'm1', 'sys.doc', 'test.ping'],
      ['salt', '-d', 'm1', 'test.ping'],
    ]);
  });

  it('tells by its exit status how it went', async () => {
    const statusOf = async (...args: string[]) => (await salt(...args)).status;
    expect(await statusOf('m1', 'test.ping')).toBe(0);
    expect(await statusOf('m1', 'test.retcode', '42')).toBe(1);
    expect(await statusOf('*', 'test.ping')).toBe(1);
    expect(await statusOf('gone', 'test.ping')).toBe(1);
    expect(await statusOf('*', 'test.ping', '--hide-timeout')).toBe(0);
    expect(await statusOf('gone', 'test.ping', '--hide-timeout')).toBe(2);
    expect(await statusOf('nobody', 'test.ping')).toBe(2);
    expect(await statusOf('m1')).toBe(64);
  });

  it('ends a batch with the highest return code of those that returned, and prints no batch where there is none', async () => {
    const away = 'Minion gone did not respond. No job will be sent.';
    const whole = await salt('*', 'test.ping', '--batch', '1');
    expect(whole).toMatchObject({ stdout: expect.stringContaining(away), stderr: '', status: 0 });
    expect((await salt('*', 'test.retcode', '42', '--batch', '1')).status).toBe(42);
    const few = await salt('m1', 'test.ping', '--batch-safe-limit', '10');
    expect(few).toMatchObject({ stdout: 'm1:\n    True\n', status: 0 });
  });

  it('says at once of a minion that is away since when it is, however long it would wait', async () => {
    const { stdout } = await salt('gone', 'test.ping', '-t', '3600');
    expect(stdout).toMatch(/^ {4}It is offline since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; /m);
  });

  it('waits for a minion longer than the timeout once it has begun', async () => {
    expect(await salt('m1', '-t', '1', 'test.sleep', '1.2')).toMatchObject({ stdout: 'm1:\n    True\n', status: 0 });
  });

  it('leaves a job alone with --async, and jobs.lookup_jid prints its result later', async () => {
    const { stdout } = await salt('m1', 'test.echo', 'later', '--async');
    const jid = /^Executed command with job ID: (\d{20})\n$/.exec(stdout)?.[1] ?? '';
    await until('the job has returned', async () => {
      const found = await fleet().cli('salt-run', ['jobs.lookup_jid', jid]);
      return found.stdout === 'm1:\n    later\n';
    });
  });

  it('is told on Ctrl-C how to find the job, which goes on', async () => {
    const gate = fleet().file('gate');
    const script = `until [ -e ${gate} ]; do sleep 0.05; done; echo through`;
    const command = startProgram('salt', [
      ...['-c', fleet().configDir('master'), '--show-jid'],
      ...['m1', 'cmd.run', script, 'python_shell=True'],
    ]);
    const jid = (await command.line(/^jid: /)).slice('jid: '.length);
    const lookUp = async () => (await fleet().cli('salt-run', ['jobs.lookup_jid', jid, '--out', 'json'])).stdout;
    await until('the job runs', async () =>
      (await fleet().cli('salt-run', ['jobs.active'])).stdout.includes('running'),
    );
    command.kill('SIGINT');
    const { stderr, status } = await command.ended;
    expectGolden('output/interrupt.txt', stderr.replaceAll(jid, '20261122092936909700').trimEnd());
    expect(status).toBe(130);
    expect(JSON.parse(await lookUp())).toEqual({});
    writeFileSync(gate, '');
    await until('the job has ended', async () => (await lookUp()).includes('through'));
  });

  it('is content when its reader has read enough', async () => {
    const args = ['-c', fleet().configDir('master'), 'm1', 'cmd.run', 'seq 20000', 'python_shell=True'];
    const { stdout, stderr, statuses } = await runPipeline('salt', args, ['head', '-n', '1']);
    expect({ stdout, stderr, statuses }).toEqual({ stdout: 'm1:\n', stderr: '', statuses: [0, 0] });
  });

  it('lists jobs, and who runs what', async () => {
    const { stdout } = await salt('m1', 'test.echo', 'x', '--metadata', '{ticket: 42}', '--show-jid', '--out', 'txt');
    const jid = /jid: (\d{20})/.exec(stdout)?.[1] ?? '';
    const run = async (...args: string[]) =>
      JSON.parse((await fleet().cli('salt-run', [...args, '--out', 'json'])).stdout);
    const job = {
      Function: 'test.echo',
      Arguments: ['x'],
      Target: 'm1',
      'Target-type': 'glob',
      User: userInfo().username,
      Metadata: { ticket: 42 },
    };
    expect((await run('jobs.list_jobs', 'search_function=test.echo'))[jid]).toMatchObject(job);
    expect(await run('jobs.list_job', jid)).toMatchObject({
      ...job,
      jid,
      Minions: ['m1'],
      Result: { m1: { return: 'x', retcode: 0, success: true } },
    });
    expect(await run('jobs.active')).toEqual({});
    expect(await run('manage.up')).toEqual(['m1']);
    expect(await run('manage.down')).toEqual(['gone']);
    expect(await run('manage.status')).toEqual({ down: ['gone'], up: ['m1'] });
  });
});

describe('salt-call', () => {
  it('calls functions of the minion in this machine, and documents them', async () => {
    await expectTranscript('salt_call', [
      ['salt-call', 'test.ping'],
      ['salt-call', '--local', 'test.ping'],
      ['salt-call', 'test.ping', '--out', 'json'],
      ['salt-call', 'grains.item', 'id'],
      ['salt-call', '-d', 'test.ping'],
      ['salt-call', 'test.retcode', '42'],
      ['salt-call', 'test.retcode', '42', '--retcode-passthrough'],
      ['salt-call', 'no.such'],
      ['salt-call', 'test.ping', 'nonsense'],
      ['salt-call'],
    ]);
  });

  it('prints all grains with -g', async () => {
    const { stdout, status } = await fleet().cli('salt-call', ['-g', '--out', 'json']);
    expect(JSON.parse(stdout).local).toMatchObject({ id: 'm1', kernel: 'Linux' });
    expect(status).toBe(0);
  });

  it('works with --local where no minion runs and none was ever configured', async () => {
    const { stdout, status } = await fleet().cli('salt-call', [
      '-c',
      fleet().configDir('gone'),
      '--local',
      'test.echo',
      'alone',
    ]);
    expect({ stdout, status }).toEqual({ stdout: 'local:\n    alone\n', status: 0 });
    expect(existsSync(fleet().localSocket('gone'))).toBe(false);
  });
});
