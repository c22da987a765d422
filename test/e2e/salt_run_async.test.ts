import { expect, it } from 'vitest';
import { useProcesses } from '../support/fleet_processes.ts';
import { describeMosquitto } from '../support/mosquitto.ts';

describeMosquitto('salt-run --async', () => {
  const fleet = useProcesses({ minions: ['m1'] });
  const run = (...args: string[]) => fleet().cli('salt-run', args);

  it('answers with the tag at once, under which the outcome is found later', async () => {
    const { stdout, stderr, status } = await run('--async', 'manage.up');
    expect([stderr, status]).toEqual(['', 0]);
    const tag = /running under tag (salt\/run\/\d{20})$/m.exec(stdout)?.[1];
    const found = await run('event.wait', `${tag}/ret`, 'since=1h');
    expect(found.stdout.startsWith(`${tag}/ret\t`)).toBe(true);
    expect(JSON.parse(found.stdout.slice(found.stdout.indexOf('{')))).toMatchObject({
      fun: 'runner.manage.up',
      return: ['m1'],
      success: true,
    });
    const jid = tag?.slice('salt/run/'.length) ?? '';
    expect((await run('jobs.lookup_jid', jid)).stdout).toBe('master:\n    - m1\n');
    expect((await run('jobs.retry', jid)).stderr).toContain('ran on the master and not on minions');
  });

  it('refuses at once what cannot be called, and what only prints', async () => {
    expect(await run('--async', 'manage.nope')).toMatchObject({
      stderr: expect.stringContaining("runner function 'manage.nope' is not available"),
    });
    expect(await run('--async', 'state.event')).toMatchObject({
      stderr: expect.stringContaining('state.event prints what comes and cannot run with --async'),
      status: 64,
    });
  });

  it('documents what it runs', async () => {
    const { stdout, status } = await run('-d', 'manage.up', 'state.event');
    expect([stdout.match(/^\S+:$/gm), status]).toEqual([['manage.up:', 'state.event:'], 0]);
  });
});
