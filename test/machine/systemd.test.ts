import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { repositoryRoot } from '../support/source_tree.ts';
import { bootSystemd, type SystemdMachine } from '../support/systemd_machine.ts';
import { until } from '../support/until.ts';

/**
 * The units of `config/systemd` under systemd as the first process, in a container that `systemd-nspawn` makes: installed
 * as the guide says, with the default paths and ports. The tests are chapters of one story, in this order.
 */
let machine: SystemdMachine | undefined;
let lacking = '';
const kinds = ['master', 'minion'] as const;
const units = kinds.map((kind) => `salt-${kind}`);

// apt takes its time where other tests run beside.
vi.setConfig({ testTimeout: 60_000 });
beforeAll(async () => {
  try {
    machine = await bootSystemd();
  } catch (error) {
    lacking = (error as Error).message;
    process.stderr.write(`SKIPPED, the units for systemd are not tested: ${lacking}\n`);
  }
});
beforeEach(({ skip }) => skip(machine === undefined, lacking));
// systemd starts nothing more than five times in ten seconds.
beforeEach(async () => void (await machine?.shell('systemctl reset-failed')));
afterAll(() => machine?.stop());

function guide(): string {
  return readFileSync(join(repositoryRoot, 'docs/guide/configuration.md'), 'utf8');
}

/** What a script prints on standard output; rejects when it fails. */
async function run(script: string): Promise<string> {
  const { status, stdout, stderr } = await (machine as SystemdMachine).shell(script);
  if (status !== 0) throw new Error(`${script}: status ${status}\n${stdout}${stderr}`);
  return stdout;
}

async function succeeds(script: string): Promise<boolean> {
  return (await (machine as SystemdMachine).shell(script)).status === 0;
}

function untilPing(): Promise<void> {
  return until('the minion answers the master', () => succeeds("salt --out txt '*' test.ping | grep -qx 'm1: True'"));
}

/** The ports of the master take connections. */
const LISTENS = 'for port in 8883 1883; do bash -c "</dev/tcp/127.0.0.1/$port"; done';

/** What `m1` returns. */
async function salt(words: string): Promise<unknown> {
  return (JSON.parse(await run(`salt --static --out json m1 ${words}`)) as { m1: unknown }).m1;
}

/** Properties of a unit as systemd names them. */
async function show(unit: string, ...names: string[]): Promise<Record<string, string>> {
  const lines = (await run(`systemctl show --property=${names.join(',')} ${unit}`)).trim().split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** What is left of a unit that systemctl cannot start. */
async function failure(kind: (typeof kinds)[number]): Promise<Record<string, string>> {
  await expect(run(`systemctl restart salt-${kind}`)).rejects.toThrow('the control process exited with error code');
  return show(`salt-${kind}`, 'ActiveState', 'ExecMainStatus', 'NRestarts');
}

/** What `systemctl status` shows of the minion. */
function untilStatus(text: RegExp): Promise<void> {
  return until(`the status is ${text}`, async () =>
    text.test((await show('salt-minion', 'StatusText')).StatusText ?? ''),
  );
}

test('the units are installed by what the guide says, and systemd has nothing to say against them', async () => {
  const commands = /For systemd, [\s\S]+?\n```sh\n([\s\S]+?)```/.exec(guide())?.[1] ?? 'false';
  await run("mkdir /etc/salt; printf '%s\\n' 'id: m1' 'master: 127.0.0.1' 'recon_max: 500' > /etc/salt/minion");
  await run(commands);
  const { status, stdout, stderr } = await (machine as SystemdMachine).shell(
    'systemd-analyze verify salt-master.service salt-minion.service',
  );
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('a minion whose key waits is up, and its status says what it waits for', async () => {
  expect(await show('salt-minion', 'ActiveState')).toEqual({ ActiveState: 'active' });
  await untilStatus(/^waiting for an operator: salt-key -a m1$/);
  expect(await run('salt-key --list pre')).toContain('m1');
});

test('a minion is accepted and does what it is told, as root', async () => {
  await run('salt-key -y -a m1');
  await untilPing();
  await untilStatus(/^connected to the master 127.0.0.1$/);
  expect(await salt('cmd.run id')).toBe('uid=0(root) gid=0(root) groups=0(root)');
});

test('the doctor finds both daemons well, with their process ids', async () => {
  const findings = await run('salt doctor');
  for (const unit of units) {
    const { MainPID } = await show(unit, 'MainPID');
    expect(findings).toContain(`daemon: ${unit} runs as root (process ${MainPID}) and answers on `);
  }
});

test('a master that systemctl has started listens, and a minion is connected', async () => {
  await run(`systemctl restart salt-master; salt-key --list all; ${LISTENS}`);
  await untilPing();
  await run("systemctl restart salt-minion; salt --out txt m1 test.ping | grep -qx 'm1: True'");
});

test('both end cleanly when they are stopped', async () => {
  await run('systemctl stop salt-master salt-minion');
  const EXITED = '1';
  for (const unit of units) {
    const ending = await show(unit, 'ActiveState', 'Result', 'ExecMainCode', 'ExecMainStatus');
    expect(ending).toEqual({ ActiveState: 'inactive', Result: 'success', ExecMainCode: EXITED, ExecMainStatus: '0' });
  }
  await run('systemctl start salt-master salt-minion');
  await untilPing();
});

test('both are started again when they were killed', async () => {
  await run('systemctl kill --signal=KILL salt-master salt-minion');
  for (const unit of units) {
    await until(`${unit} is there again`, async () => {
      const { ActiveState, NRestarts } = await show(unit, 'ActiveState', 'NRestarts');
      return ActiveState === 'active' && NRestarts === '1';
    });
  }
  await untilPing();
});

test('neither is started for ever with a wrong configuration', async () => {
  for (const kind of kinds) {
    await run(`mkdir -p /etc/salt/${kind}.d; echo 'log_level: loud' > /etc/salt/${kind}.d/wrong.conf`);
    expect(await failure(kind)).toEqual({ ActiveState: 'failed', ExecMainStatus: '78', NRestarts: '0' });
    expect(await run(`journalctl --unit=salt-${kind} --output=cat`)).toContain('wrong.conf:1: log_level is "loud"');
    await run(`rm /etc/salt/${kind}.d/wrong.conf; systemctl start salt-${kind}`);
  }
  await untilPing();
});

test('a minion that meets another master than the one it knows is not started', async () => {
  await run(`echo 'master_finger: "${'aa:'.repeat(31)}aa"' > /etc/salt/minion.d/wrong.conf`);
  expect(await failure('minion')).toEqual({ ActiveState: 'failed', ExecMainStatus: '77', NRestarts: '0' });
  expect(await run('journalctl --unit=salt-minion --output=cat')).toContain('master_finger');
  await run('rm /etc/salt/minion.d/wrong.conf; systemctl start salt-minion');
  await untilPing();
});

test('a minion without a master is up, and its status tells why it is not connected, and then that it is', async () => {
  await run('systemctl stop salt-master; systemctl restart salt-minion');
  await untilStatus(/^not connected to the master: .*127.0.0.1:\d+.*/);
  await run('systemctl start salt-master');
  await untilStatus(/^connected to the master 127.0.0.1$/);
});

test('what a job starts cannot speak for the minion', async () => {
  expect(await salt('cmd.run env')).not.toContain('NOTIFY_SOCKET');
});

test('both open their log files anew on SIGHUP, and go on', async () => {
  for (const kind of kinds) {
    const before = await show(`salt-${kind}`, 'MainPID');
    await run(`mv /var/log/salt/${kind} /var/log/salt/${kind}.1; systemctl kill --signal=HUP salt-${kind}`);
    await until('there is a new file', () => succeeds(`[ -e /var/log/salt/${kind} ]`));
    expect(await show(`salt-${kind}`, 'MainPID')).toEqual(before);
  }
  await untilPing();
});

/** What a process may do that stands where the master stands; it goes on its way before the master starts. */
const WITHIN = `
set +e
find / -maxdepth 4 '(' -path /proc -o -path /dev ')' -prune -o -type d -writable -print -prune
may() { "$@" >/dev/null 2>&1 && echo "may $*"; }
may systemd-run --wait true
may busctl --system list
may unshare --mount true
may mknod /tmp/disk b 8 0
may chown nobody /tmp
may chmod u+s /etc/salt/minion
may hostname other
may sh -c 'echo 1 > /proc/sys/vm/swappiness'
may sh -c 'ls /root/* || ls /home/*'
may cat /etc/shadow
`;

test('the master may write its own directories alone, and leave its sandbox by none of the usual ways', async () => {
  const dropIn = '/run/systemd/system/salt-master.service.d';
  await run(`mkdir -p /home/somebody ${dropIn}; touch /root/secret; cat > /run/within.sh <<'END'${WITHIN}END
printf '[Service]\\nExecStartPre=/bin/sh /run/within.sh\\nStandardOutput=file:/run/within\\n' > ${dropIn}/within.conf
systemctl daemon-reload; systemctl restart salt-master; rm -r ${dropIn}; systemctl daemon-reload`);
  expect((await run('cat /run/within')).trim().split('\n').sort()).toEqual([
    '/etc/salt',
    '/run/salt/master',
    '/tmp',
    '/var/cache/salt/master',
    '/var/log/salt',
    '/var/tmp',
    'may cat /etc/shadow',
  ]);
  await untilPing();
});

test('a place elsewhere is opened to the master by the drop-in of the guide', async () => {
  await run("mkdir /srv/salt-cache; echo 'cachedir: /srv/salt-cache/master' > /etc/salt/master.d/places.conf");
  await expect(run('systemctl restart salt-master')).rejects.toThrow('exited with error code');
  const journal = 'journalctl --unit=salt-master --output=cat';
  const refusal = 'cachedir /srv/salt-cache/master cannot be used: the file system is read-only';
  expect(await run(journal)).toContain(refusal);
  const dropIn = /`(\S+\/places.conf)`:\n\n```ini\n([\s\S]+?)```/.exec(guide());
  await run(`mkdir $(dirname ${dropIn?.[1]}); cat > ${dropIn?.[1]} <<'END'\n${dropIn?.[2]}END
systemctl daemon-reload; systemctl restart salt-master`);
  await untilPing();
  await run(
    `[ -e /srv/salt-cache/master ]; rm -r /etc/salt/master.d/places.conf ${dropIn?.[1]}; systemctl daemon-reload`,
  );
});

test("within its sandbox the master can ask PAM's helper whose password is right", async () => {
  await run(`useradd dora; echo 'dora:correct horse' | chpasswd
printf "external_auth: { pam: { dora: ['test.*'] } }\\n" > /etc/salt/master.d/pam.conf; systemctl restart salt-master`);
  await untilPing();
  const logIn = (password: string): string =>
    `mosquitto_sub -E -h 127.0.0.1 -u pam.dora -P '${password}' -i pam.dora/1 -t salt/op/pam.dora/rsp/1`;
  expect(await run(logIn('correct horse'))).toBe('');
  await expect(run(logIn('battery staple'))).rejects.toThrow('bad user name or password');
});

test('the minion may do everything: users, packages and their scripts, services, and files anywhere', async () => {
  await run(`mkdir -p /root/package/DEBIAN; cd /root/package
printf '#!/bin/sh\\ntouch /usr/local/brine-was-here\\n' > DEBIAN/postinst; chmod 755 DEBIAN DEBIAN/postinst
printf '%s\\n' 'Package: brine-was-here' 'Version: 1' 'Architecture: all' 'Maintainer: nobody <nobody@example.com>' \\
  'Description: nothing at all' > DEBIAN/control
dpkg-deb --build . /root/brine-was-here.deb
printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > /etc/systemd/system/sleeper.service`);
  expect(await salt("pkg.install sources='[{brine-was-here: /root/brine-was-here.deb}]'")).toEqual({
    'brine-was-here': { old: '', new: '1' },
  });
  await run('[ -e /usr/local/brine-was-here ]');
  expect(await salt('user.add eve')).toBe(true);
  expect(await run('id -un eve')).toBe('eve\n');
  expect(await salt('service.start sleeper')).toBe(true);
  expect(await salt('service.status sleeper')).toBe(true);
  expect(await salt("cmd.run 'hostname other'")).toBe('');
  expect(await run('hostname')).toBe('other\n');
});

test('what a job has started outlives a restart of the minion', async () => {
  const { pid } = (await salt("cmd.run_bg 'sleep infinity'")) as { pid: number };
  await run('systemctl restart salt-minion');
  await untilPing();
  expect(await run(`cat /proc/${pid}/comm`)).toBe('sleep\n');
});

test('after the machine was started anew, both are there by themselves', async () => {
  await (machine as SystemdMachine).reboot();
  await untilPing();
});
