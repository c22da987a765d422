import { expect, it } from 'vitest';
import { useProcesses } from '../support/fleet_processes.ts';
import { describeMosquitto } from '../support/mosquitto.ts';

describeMosquitto('salt-call schedule', () => {
  const fleet = useProcesses({ minions: ['m1'] });
  const call = (...args: string[]) => fleet().cli('salt-call', args);
  const scheduled = async () =>
    JSON.parse((await fleet().cli('salt', ['m1', 'schedule.list', 'return_yaml=False', '--out', 'json'])).stdout).m1;

  it('changes the schedule of the minion that runs, and says what is wrong as that does', async () => {
    expect(await call('schedule.add', 'ping', 'function=test.ping', 'hours=1')).toMatchObject({
      stdout: expect.stringContaining('Added job: ping to schedule.'),
      stderr: '',
      status: 0,
    });
    expect(await scheduled()).toMatchObject({ ping: { function: 'test.ping', hours: 1 } });
    expect((await call('schedule.add', 'ping', 'function=test.ping', 'hours=1')).stdout).toContain(
      'Job ping already exists in schedule.',
    );
    expect((await call('schedule.run_job', 'ping')).stdout).toContain('Scheduling Job ping on minion.');
    expect(await call('schedule.delete', 'ping', 'nonsense=1')).toMatchObject({
      stdout: expect.stringContaining('nonsense'),
      status: 1,
    });
    expect((await call('schedule.delete', 'ping')).stdout).toContain('Deleted Job ping from schedule.');
    expect(await scheduled()).toEqual({ schedule: {} });
  });
});
