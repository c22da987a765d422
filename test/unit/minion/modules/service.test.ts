import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findServiceProvider } from '../../../../minion/lib/service/find_provider.ts';
import service from '../../../../minion/modules/service.ts';
import { type FakeCommand, type FakeContext, fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const SYSTEMD = { 'run/systemd/system/': '' };
const SYSV = {
  'usr/sbin/service': '#!',
  'usr/sbin/update-rc.d': '#!',
  'etc/init.d/cron': '#!/bin/sh',
  'etc/init.d/hwclock.sh': '#!/bin/sh',
  'etc/init.d/ssh': '#!/bin/sh',
  'etc/init.d/skeleton': '#!/bin/sh',
  'etc/init.d/ssh.dpkg-old': '#!/bin/sh',
  'etc/init.d/notes': 'no script',
  'etc/rcS.d/S01hwclock.sh': '',
  'etc/rc2.d/S20ssh': '',
  'etc/rc2.d/K01cron': '',
};
const LIST = '--full --no-legend --no-pager --plain';

async function machine(files: Record<string, string>, commands: Record<string, FakeCommand> = {}) {
  return fakeContext({ root: await fixtureRoot(files), exec: fakeExec(commands) });
}

function run(context: FakeContext, fun: string, ...args: unknown[]) {
  return runFunction(context, service, `service.${fun}`, args);
}

describe('the init system is found by what runs the machine', () => {
  test.each([
    ['systemd_service', { ...SYSV, ...SYSTEMD }],
    ['service', SYSV],
    ['gentoo_service', { 'run/openrc/': '', 'sbin/rc-service': '#!', 'etc/init.d/sshd': '#!' }],
    ['procd', { 'sbin/procd': '', 'etc/rc.common': '', 'etc/init.d/cron': '#!' }],
  ])('%s', async (name, files) => {
    const context = await machine(files as Record<string, string>);
    expect(findServiceProvider(context)?.name).toBe(name);
    expect(service.unavailable?.(context)).toBeUndefined();
  });

  test('without any the module says why', async () => {
    expect(service.unavailable?.(await machine({}))).toContain('no init system found');
  });
});

test.each(['-x', 'a/b', '../x', 'a b', ''])('%j is not the name of a service', async (name) => {
  await expect(run(await machine(SYSV), 'start', name)).rejects.toMatchObject({ code: 'ARGS_INVALID' });
});

describe('systemd', () => {
  const lists = {
    [`systemctl ${LIST} list-unit-files`]:
      'cron.service enabled enabled\nssh.service disabled enabled\nfstrim.timer enabled enabled\n' +
      'getty@.service static -\n',
    [`systemctl ${LIST} --all list-units`]:
      'cron.service loaded active running Regular background program processing daemon\n' +
      'gone.service not-found inactive dead gone.service\n' +
      '-.mount loaded active mounted Root Mount\n' +
      'ssh.socket loaded active running SSH socket\n',
  };

  test.each([
    ['get_all', ['-.mount', 'cron', 'fstrim.timer', 'getty@', 'ssh', 'ssh.socket']],
    ['get_enabled', ['cron', 'fstrim.timer']],
    ['get_disabled', ['ssh']],
    ['get_static', ['getty@']],
    ['get_running', ['cron', 'ssh.socket']],
  ])('%s leaves .service out of the names', async (fun, expected) => {
    expect(await run(await machine(SYSTEMD, lists), fun)).toEqual(expected);
  });

  test.each([
    ['LoadState=loaded\n', true],
    ['LoadState=masked\n', true],
    ['LoadState=not-found\n', false],
    ['', false],
  ])('of a unit with %j available is %j', async (answer, expected) => {
    const commands = { 'systemctl show --property=LoadState cron.service': answer };
    expect(await run(await machine(SYSTEMD, commands), 'available', 'cron')).toBe(expected);
    expect(await run(await machine(SYSTEMD, commands), 'missing', 'cron')).toBe(!expected);
  });

  test('status, enabled and disabled go by the exit status', async () => {
    const context = await machine(SYSTEMD, {
      'systemctl is-active cron.service': { stdout: 'active\n' },
      'systemctl is-active fstrim.timer': { retcode: 3, stdout: 'inactive\n' },
      'systemctl is-enabled cron.service': { retcode: 1, stdout: 'disabled\n' },
    });
    expect(await run(context, 'status', 'cron')).toBe(true);
    expect(await run(context, 'status', 'fstrim.timer')).toBe(false);
    expect(await run(context, 'enabled', 'cron')).toBe(false);
    expect(await run(context, 'disabled', 'cron')).toBe(true);
  });

  test('status of a glob is a mapping', async () => {
    const context = await machine(SYSTEMD, {
      ...lists,
      'systemctl is-active ssh.service': { retcode: 3 },
      'systemctl is-active ssh.socket': {},
    });
    expect(await run(context, 'status', 'ssh*')).toEqual({ ssh: false, 'ssh.socket': true });
  });

  test('status with a signature looks for a process', async () => {
    const context = fakeContext({
      root: await fixtureRoot(SYSTEMD),
      functions: { 'status.pid': (args) => (args[0] === 'sshd -D' ? '77' : '') },
    });
    expect(await run(context, 'status', 'sshd', 'sshd -D')).toBe(true);
    expect(await run(context, 'status', 'sshd', 'other')).toBe(false);
  });

  test('a unit that was changed is read anew before it is started', async () => {
    const done: string[] = [];
    const note: FakeCommand = (argv) => {
      done.push(argv.slice(1).join(' '));
      return '';
    };
    const context = await machine(SYSTEMD, {
      'systemctl show --property=NeedDaemonReload cron.service': 'NeedDaemonReload=yes\n',
      'systemctl daemon-reload': note,
      'systemctl unmask cron.service': note,
      'systemctl --no-block start cron.service': note,
    });
    expect(await run(context, 'start', 'cron', true, true)).toBe(true);
    expect(done).toEqual(['unmask cron.service', 'daemon-reload', '--no-block start cron.service']);
  });

  test('what systemctl says when it fails is what the operator reads', async () => {
    const context = await machine(SYSTEMD, {
      'systemctl show --property=NeedDaemonReload nope.service': '',
      'systemctl restart nope.service': { retcode: 5, stderr: 'Failed to restart nope.service: Unit not found.\n' },
    });
    await expect(run(context, 'restart', 'nope')).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: 'cannot restart nope: Failed to restart nope.service: Unit not found.',
    });
  });

  test.each([
    ['enable', ['cron'], 'enable cron.service'],
    ['disable', ['cron'], 'disable cron.service'],
    ['mask', ['cron', true], 'mask --runtime cron.service'],
    ['unmask', ['cron'], 'unmask cron.service'],
    ['systemctl_reload', [], 'daemon-reload'],
  ])('%s %j runs systemctl %s', async (fun, args, line) => {
    expect(await run(await machine(SYSTEMD, { [`systemctl ${line}`]: '' }), fun, ...args)).toBe(true);
  });

  test('another directory can stand for the root', async () => {
    const context = await machine(SYSTEMD, {
      [`systemctl --root=/mnt ${LIST} list-unit-files`]: 'cron.service enabled enabled\nssh.service disabled enabled\n',
      'systemctl --root=/mnt enable ssh.service': '',
      'systemctl --root=/mnt is-enabled ssh.service': { retcode: 1, stdout: 'masked\n' },
    });
    expect(await run(context, 'get_all', '/mnt')).toEqual(['cron', 'ssh']);
    expect(await run(context, 'get_disabled', '/mnt')).toEqual(['ssh']);
    expect(await run(context, 'enable', 'ssh', false, false, false, '/mnt')).toBe(true);
    expect(await run(context, 'disabled', 'ssh', '/mnt')).toBe(true);
    expect(await run(context, 'masked', 'ssh', false, '/mnt')).toBe(true);
    await expect(run(await machine(SYSV), 'enabled', 'cron', '/mnt')).rejects.toThrow('only systemd can do this');
  });

  test('force_reload does not wait unless it is told to, and stop waits', async () => {
    const commands = {
      'systemctl show --property=NeedDaemonReload cron.service': 'NeedDaemonReload=no\n',
      'systemctl --no-block force-reload cron.service': '',
      'systemctl stop cron.service': '',
    };
    const context = await machine(SYSTEMD, commands);
    expect(await run(context, 'force_reload', 'cron')).toBe(true);
    expect(await run(context, 'stop', 'cron', null)).toBe(true);
  });

  test('execs are the programs of all services that start one', async () => {
    const context = await machine(SYSTEMD, {
      ...lists,
      'systemctl show --property=Id,ExecStart cron.service ssh.service':
        'ExecStart={ path=/usr/sbin/cron ; argv[]=/usr/sbin/cron -f ; ignore_errors=no }\nId=cron.service\n\nId=ssh.service\n',
    });
    expect(await run(context, 'execs')).toEqual({ cron: '/usr/sbin/cron' });
  });

  test('execs and show look into another root', async () => {
    const context = await machine(SYSTEMD, {
      'systemctl --root=/mnt --full --no-legend --no-pager --plain list-unit-files': 'cron.service enabled enabled\n',
      'systemctl --root=/mnt show --property=Id,ExecStart cron.service':
        'ExecStart={ path=/usr/sbin/cron ; argv[]=/usr/sbin/cron -f }\nId=cron.service\n',
      'systemctl --root=/mnt show cron.service': 'Type=simple\n',
    });
    expect(await run(context, 'execs', '/mnt')).toEqual({ cron: '/usr/sbin/cron' });
    expect(await run(context, 'show', 'cron', '/mnt')).toEqual({ Type: 'simple' });
  });

  test('firstboot says to systemd-firstboot what is given, and what that says is the error', async () => {
    const context = await machine(SYSTEMD, {
      'systemd-firstboot --locale=en_US.UTF-8 --locale-message=de_DE.UTF-8 --keymap=jp --timezone=Asia/Tokyo --hostname=web1 --machine-id=00112233445566778899aabbccddeeff --root=/mnt':
        '',
      'systemd-firstboot --keymap=xx': { retcode: 1, stderr: 'Keymap xx is not installed.\n' },
    });
    const all = ['en_US.UTF-8', 'de_DE.UTF-8', 'jp', 'Asia/Tokyo', 'web1', '00112233445566778899aabbccddeeff', '/mnt'];
    expect(await run(context, 'firstboot', ...all)).toBe(true);
    await expect(run(context, 'firstboot', null, null, 'xx')).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: 'systemd-firstboot error: Keymap xx is not installed.',
    });
  });

  test('systemd says by itself whether it can be talked to', async () => {
    const isOffline = async (state: string) =>
      run(await machine(SYSTEMD, { 'systemctl is-system-running': { retcode: 1, stdout: `${state}\n` } }), 'offline');
    expect([await isOffline('offline'), await isOffline('degraded')]).toEqual([true, false]);
  });

  test('masked tells masked for ever from masked until the next boot', async () => {
    const context = await machine(SYSTEMD, { 'systemctl is-enabled a.service': { retcode: 1, stdout: 'masked\n' } });
    expect(await run(context, 'masked', 'a')).toBe(true);
    expect(await run(context, 'masked', 'a', true)).toBe(false);
  });

  test('show reads braces as mappings and orders as lists', async () => {
    const context = await machine(SYSTEMD, {
      'systemctl show cron.service':
        'Type=simple\nAfter=basic.target system.slice\nEnvironment=A=b\n' +
        'ExecStart={ path=/usr/sbin/cron ; argv[]=/usr/sbin/cron -f ; ignore_errors=no }\n',
    });
    expect(await run(context, 'show', 'cron')).toEqual({
      Type: 'simple',
      After: ['basic.target', 'system.slice'],
      Environment: 'A=b',
      ExecStart: { path: '/usr/sbin/cron', 'argv[]': '/usr/sbin/cron -f', ignore_errors: 'no' },
    });
  });
});

describe('init scripts', () => {
  test.each([
    ['get_all', ['cron', 'hwclock.sh', 'ssh']],
    ['get_enabled', ['hwclock.sh', 'ssh']],
    ['get_disabled', ['cron']],
  ])('%s', async (fun, expected) => {
    expect(await run(await machine(SYSV), fun)).toEqual(expected);
  });

  test('status asks the script, and only when there is one', async () => {
    const commands = {
      'service cron status': { retcode: 3 },
      'service hwclock.sh status': {},
      'service ssh status': {},
    };
    const context = await machine(SYSV, commands);
    expect(await run(context, 'status', 'ssh')).toBe(true);
    expect(await run(context, 'status', 'nope')).toBe(false);
    expect(await run(context, 'get_running')).toEqual(['hwclock.sh', 'ssh']);
  });

  test('enable makes links where there are none', async () => {
    const done: string[] = [];
    const note: FakeCommand = (argv) => {
      done.push(argv.join(' '));
      return '';
    };
    const lines = ['update-rc.d cron defaults', 'update-rc.d cron enable'];
    const context = await machine(SYSV, Object.fromEntries(lines.map((line) => [line, note])));
    expect(await run(context, 'enable', 'cron')).toBe(true);
    expect(done).toEqual(lines);
  });

  test('without update-rc.d chkconfig is used, and without both it fails', async () => {
    const { 'usr/sbin/update-rc.d': _, ...files } = SYSV;
    const context = await machine({ ...files, 'sbin/chkconfig': '#!' }, { 'chkconfig cron off': '' });
    expect(await run(context, 'disable', 'cron')).toBe(true);
    await expect(run(await machine(files), 'disable', 'cron')).rejects.toThrow('neither update-rc.d nor chkconfig');
  });

  test('what only systemd can do is refused with the reason', async () => {
    await expect(run(await machine(SYSV), 'mask', 'cron')).rejects.toMatchObject({ code: 'MODULE_UNAVAILABLE' });
  });
});

describe('OpenRC', () => {
  const files = {
    'run/openrc/started/sshd': '',
    'sbin/rc-service': '#!',
    'etc/init.d/sshd': '#!/sbin/openrc-run',
    'etc/init.d/crond': '#!/sbin/openrc-run',
    'etc/init.d/functions.sh': '#!/bin/sh',
    'etc/runlevels/default/sshd': '',
    'etc/runlevels/boot/': '',
  };

  test.each([
    ['get_all', ['crond', 'sshd']],
    ['get_enabled', ['sshd']],
    ['get_disabled', ['crond']],
    ['get_running', ['sshd']],
  ])('%s', async (fun, expected) => {
    expect(await run(await machine(files), fun)).toEqual(expected);
  });

  test.each([
    ['start', 'rc-service crond start'],
    ['force_reload', 'rc-service crond reload'],
    ['enable', 'rc-update add crond'],
    ['disable', 'rc-update delete crond'],
  ])('%s runs %s', async (fun, line) => {
    expect(await run(await machine(files, { [line]: '' }), fun, 'crond')).toBe(true);
  });
});

describe('procd', () => {
  const files = {
    'sbin/procd': '',
    'etc/rc.common': '',
    'etc/init.d/cron': '#!/bin/sh /etc/rc.common',
    'etc/init.d/uhttpd': '#!/bin/sh /etc/rc.common',
    'etc/rc.d/S50cron': '',
    'etc/rc.d/K50cron': '',
  };

  test('enabled services are those with a start link', async () => {
    const context = await machine(files);
    expect(await run(context, 'get_enabled')).toEqual(['cron']);
    expect(await run(context, 'get_disabled')).toEqual(['uhttpd']);
  });

  test('running services are those with an instance that runs', async () => {
    const answer = {
      cron: { instances: { a: { running: true } } },
      uhttpd: { instances: { a: { running: false } } },
      x: {},
    };
    const context = await machine(files, { 'ubus call service list': JSON.stringify(answer) });
    expect(await run(context, 'get_running')).toEqual(['cron']);
  });

  test('actions run the script itself', async () => {
    const root = await fixtureRoot(files);
    const script = join(root, 'etc/init.d/uhttpd');
    const exec = fakeExec({
      [`${script} restart`]: '',
      [`${script} enable`]: '',
      [`${script} running`]: { retcode: 1 },
    });
    const context = fakeContext({ root, exec });
    expect(await run(context, 'restart', 'uhttpd')).toBe(true);
    expect(await run(context, 'enable', 'uhttpd')).toBe(true);
    expect(await run(context, 'status', 'uhttpd')).toBe(false);
  });
});
