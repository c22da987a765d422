import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../support/source_tree.ts';
import { temporaryDir } from '../../support/temporary_dir.ts';

const run = promisify(execFile);
const configFile = (path: string): string => join(repositoryRoot, 'config', path);

/** What a script calls of the system that runs it, a line each: `name argument argument`. */
async function calls(script: string, names: readonly string[], commands: string): Promise<string[]> {
  const stubs = names.map((name) => `${name}() { echo ${name} "$@"; }`).join('\n');
  const { stdout } = await run('sh', ['-euc', `${stubs}\n. "$1"\n${commands}`, 'sh', configFile(script)]);
  return stdout.trim().split('\n');
}

describe.each(['openrc/salt-minion', 'openwrt/files/salt-minion.init'])('%s', (path) => {
  it('is a script that a shell can read', async () => {
    expect(await run('sh', ['-n', configFile(path)])).toMatchObject({ stderr: '' });
  });
});

describe('the script for OpenRC', () => {
  const openrc = ['checkpath', 'need', 'use', 'after'];

  it('starts the bundle under supervision, after the network, with its directories made', async () => {
    expect(
      await calls('openrc/salt-minion', openrc, 'depend; start_pre; echo "$supervisor $command $command_args"'),
    ).toEqual([
      'need net',
      'use dns logger',
      'after firewall ntp-client',
      'checkpath --directory --mode 0755 /run/salt /run/salt/minion',
      'checkpath --directory --mode 0750 /var/cache/salt /var/cache/salt/minion /var/log/salt',
      'supervise-daemon /usr/bin/salt-minion -l error',
    ]);
  });

  it('lets its configuration file name another program and arguments', async () => {
    const conf = join(temporaryDir(), 'conf');
    writeFileSync(conf, 'salt_minion=/opt/salt-minion.cjs\nsalt_minion_args="-l info"\n');
    const { stdout } = await run('sh', [
      '-euc',
      '. "$1"; . "$2"; echo "$command $command_args"',
      'sh',
      conf,
      configFile('openrc/salt-minion'),
    ]);
    expect(stdout).toBe('/opt/salt-minion.cjs -l info\n');
  });
});

describe('the script for procd', () => {
  it('describes one instance that is started anew, and again when its configuration changes', async () => {
    const procd = ['procd_open_instance', 'procd_set_param', 'procd_close_instance', 'restart'];
    expect(
      await calls('openwrt/files/salt-minion.init', procd, 'start_service; reload_service; echo "$USE_PROCD"'),
    ).toEqual([
      'procd_open_instance',
      'procd_set_param command /usr/bin/salt-minion',
      'procd_set_param respawn 60 5 5',
      'procd_set_param file /etc/salt/minion',
      'procd_set_param stderr 1',
      'procd_set_param term_timeout 30',
      'procd_close_instance',
      'restart',
      '1',
    ]);
  });
});

describe('the units for systemd', () => {
  /** A unit whose program is on this machine, with what is beside it. */
  const unitWith = (name: string, program: string): string => {
    const unit = join(temporaryDir(), name);
    const text = readFileSync(configFile(`systemd/${name}`), 'utf8');
    writeFileSync(unit, text.replace(/^ExecStart=\S+/m, `ExecStart=${program}`));
    return unit;
  };
  // Generators have no place here; manual pages and other units are not looked at.
  const verify = (unit: string) =>
    run('systemd-analyze', ['verify', '--man=no', '--generators=no', '--recursive-errors=no', unit]);

  it.each(['salt-master.service', 'salt-minion.service'])('%s is accepted', async (name) => {
    await expect(verify(unitWith(name, process.execPath))).resolves.toMatchObject({ stderr: '' });
  });

  it('a unit is refused whose program is not there', async () => {
    await expect(verify(unitWith('salt-minion.service', '/nowhere/node'))).rejects.toThrow('/nowhere/node');
  });

  it('the unit of the minion is accepted for the bundle, which takes the place of the built program', async () => {
    const unit = unitWith('salt-minion.service', '/nowhere/node');
    const dropIn = join(dirname(unit), `${basename(unit)}.d`, 'bundle.conf');
    mkdirSync(dirname(dropIn));
    cpSync(configFile('systemd/salt-minion.service.d/bundle.conf'), dropIn);
    const text = readFileSync(dropIn, 'utf8');
    expect(text).toContain('ExecStart=/usr/bin/salt-minion');
    writeFileSync(dropIn, text.replace('/usr/bin/salt-minion', process.execPath));
    await expect(verify(unit)).resolves.toMatchObject({ stderr: '' });
  });
});
