import { expect, test } from 'vitest';
import { type BareMachine, commandFor, daemonCommands } from '../../../../cli/doctor/machine.ts';
import { systemClock } from '../../../../shared/clock.ts';

const configDir = '/srv/my salt';
const bare: BareMachine = {
  role: 'master',
  configDir,
  env: {},
  hostname: 'm1',
  nodeVersion: '20.19.0',
  clock: systemClock,
  command: (...words) => commandFor(configDir, words),
};
const daemon = { name: 'salt-master', socket: '/run/s', state: 'answers' } as const;

test('a command names the configuration when it is not in the usual place, and is safe to type', () => {
  expect(commandFor('/etc/salt', ['salt-key', '-a', 'm1'])).toBe('salt-key -a m1');
  expect(commandFor('/srv/etc', ['salt-key', '-a', 'm1'])).toBe('salt-key -c /srv/etc -a m1');
  expect(commandFor("/srv/it's", ['salt', '*', '$HOME'])).toBe("salt -c '/srv/it'\\''s' '*' '$HOME'");
});

test('a daemon of another configuration than that of the machine is started and ended by hand', async () => {
  const start = "salt-master -c '/srv/my salt'";
  expect(await daemonCommands(bare, { log_file: '/var/log/salt/master' }, daemon)).toEqual({
    start,
    restart: start,
    force: start,
    log: 'tail -n 50 /var/log/salt/master',
  });
  expect(await daemonCommands(bare, { log_file: null }, { ...daemon, pid: 7 })).toEqual({
    start,
    restart: `kill 7; sleep 5; ${start}`,
    force: `kill 7; sleep 5; kill -9 7; ${start}`,
    log: '# look at what salt-master printed where it was started',
  });
});
