import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ExecOptions } from '../../../../minion/lib/exec.ts';
import system from '../../../../minion/modules/system.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

async function machine(
  commands: Parameters<typeof fakeExec>[0] = {},
  programs = ['shutdown', 'halt', 'poweroff', 'reboot', 'init'],
) {
  const scripts = programs.map((name) => [`sbin/${name}`, '#!/bin/sh\n']);
  const root = await fixtureRoot({ 'etc/': '', ...Object.fromEntries(scripts) });
  const sbin = join(root, 'sbin');
  const background: string[] = [];
  const known = fakeExec(commands);
  const exec = async (argv: readonly [string, ...string[]], options: ExecOptions = {}) => {
    if (!options.background) return known(argv, options);
    background.push(argv.join(' ').replaceAll(`${sbin}/`, ''));
    return { pid: 1, retcode: 0, stdout: '', stderr: '', timedOut: false };
  };
  const functions = {
    'network.get_hostname': () => 'web1',
    'network.mod_hostname': ([name]: readonly unknown[]) => name === 'web2',
  };
  const context = fakeContext({ root, exec, functions, grains: { path: sbin } });
  return {
    root,
    background,
    run: (fun: string, args: unknown[] = [], kwargs = {}) =>
      runFunction(context, system, `system.${fun}`, args, kwargs),
  };
}

test('the machine goes when the return had time to go out', async () => {
  const { run, background } = await machine();
  for (const fun of ['reboot', 'shutdown', 'halt', 'poweroff']) expect(await run(fun)).toBe('');
  expect(await run('init', [6])).toBe('');
  const soon = 'sh -c sleep 3; exec "$@" sh';
  expect(background).toEqual([
    `${soon} shutdown -r now`,
    `${soon} shutdown -h now`,
    `${soon} halt`,
    `${soon} poweroff`,
    `${soon} init 6`,
  ]);
});

test('with a delay shutdown itself waits, and what it says is returned', async () => {
  const { run, background } = await machine({
    'shutdown -r +5': { stdout: 'Shutdown scheduled for 12:05\n' },
    'shutdown -h 23:30': { retcode: 1, stdout: 'Failed to schedule shutdown: Access denied\n' },
    'init 3': '',
  });
  expect(await run('reboot', [5])).toBe('Shutdown scheduled for 12:05');
  await expect(run('shutdown', ['23:30'])).rejects.toThrow('Access denied');
  await expect(run('reboot', ['tomorrow'])).rejects.toThrow('must be now, a number of minutes');
  expect(await run('init', [3])).toBe('');
  expect(background).toEqual([]);
});

test('a BusyBox has no shutdown, and a machine without any says so at once', async () => {
  const busybox = await machine({}, ['reboot', 'poweroff']);
  await busybox.run('reboot', [0]);
  await busybox.run('shutdown');
  expect(busybox.background.map((line) => line.split(' ').at(-1))).toEqual(['reboot', 'poweroff']);
  const bare = await machine({}, []);
  await expect(bare.run('halt')).rejects.toThrow('halt is not installed on this machine');
});

test('the clock is shown as it is where it is asked for', async () => {
  const { run } = await machine();
  expect(await run('get_system_date_time', ['-0130'])).toBe('2025-12-31 22:30:00');
  expect(await run('get_system_time', ['+0000'])).toBe('12:00:00 AM');
  expect(await run('get_system_date', ['0000'])).toBe('Thu 01/01/2026');
  await expect(run('get_system_time', ['CET'])).rejects.toThrow('must be an offset such as +0530');
});

test('the clock is set, in Greenwich when there is an offset, and the hardware follows', async () => {
  const set: string[] = [];
  const { run } = await machine(
    {
      'date -u 051216375315.00': { retcode: 1 },
      'date -u 051216372015.53': () => String(set.push('date')),
      'hwclock --test --systohc': '',
      'hwclock --systohc': () => String(set.push('hwclock')),
    },
    ['hwclock'],
  );
  expect(await run('set_system_date_time', [2015, 5, 12, 11, 37, 53, '-0500'])).toBe(true);
  expect(set).toEqual(['date', 'hwclock']);
});

test('what is not given stays, and a date without seconds will do', async () => {
  const { run } = await machine({
    'date -u 010111202026.00': '',
    'date -u 032800002013.00': { retcode: 1, stderr: 'date: invalid date\n' },
    'date -u 032800002013': '',
    'date -u 032900002013.00': { retcode: 1, stderr: 'date: cannot set date: Operation not permitted\n' },
    'date -u 032900002013': { retcode: 1 },
  });
  expect(await run('set_system_time', ['11:20', '+0000'])).toBe(true);
  expect(await run('set_system_date', ['03-28-13', '+0000'])).toBe(true);
  await expect(run('set_system_date', ['03-29-13', '+0000'])).rejects.toThrow('date failed: date: cannot set date');
  await expect(run('set_system_date_time', [2026, 2, 30], { utc_offset: '+0000' })).rejects.toThrow('no such time');
  await expect(run('set_system_time', ['noon'])).rejects.toThrow('must be a time such as');
});

test('a hardware clock that cannot be set is none', async () => {
  const { run } = await machine({ 'hwclock --test --systohc': { retcode: 1 } }, ['hwclock']);
  expect(await run('has_settable_hwclock')).toBe(false);
  expect(await (await machine()).run('has_settable_hwclock')).toBe(false);
});

test('the description is kept beside what else the file says', async () => {
  const { run, root } = await machine();
  const path = join(root, 'etc/machine-info');
  expect(await run('get_computer_desc')).toBe(false);
  await writeFile(path, 'CHASSIS=vm\nPRETTY_HOSTNAME=old\n');
  expect(await run('get_computer_desc')).toBe('old');
  const desc = 'Jo\'s "big" $HOME\\\n`x`';
  expect(await run('set_computer_desc', [desc])).toBe(true);
  expect(await readFile(path, 'utf8')).toBe('CHASSIS=vm\nPRETTY_HOSTNAME="Jo\'s \\"big\\" \\$HOME\\\\\\n\\`x\\`"\n');
  expect(await run('get_computer_desc')).toBe(desc);
});

test('a description is none of the options of hostnamectl, whatever it begins with', async () => {
  const command = 'hostnamectl set-hostname --pretty -- --host=elsewhere';
  const { run, root } = await machine({ [command]: '' });
  for (const folder of ['run/systemd/system', 'usr/bin']) await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, 'usr/bin/hostnamectl'), '', { mode: 0o755 });
  expect(await run('set_computer_desc', ['--host=elsewhere'])).toBe(true);
});

test('the host name is that of the network module', async () => {
  const { run } = await machine();
  expect(await run('get_computer_name')).toBe('web1');
  expect(await run('set_computer_name', ['web2'])).toBe(true);
});

test('that a reboot is required is remembered until there was one', async () => {
  const { run } = await machine();
  expect(await run('get_reboot_required_witnessed')).toBe(false);
  expect(await run('set_reboot_required_witnessed')).toBe(true);
  expect(await run('get_reboot_required_witnessed')).toBe(true);
});
