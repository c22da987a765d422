import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePorts, useProcesses, writeConfig } from '../support/fleet_processes.ts';
import { runProgram, startProgram } from '../support/program.ts';
import { temporaryDir } from '../support/temporary_dir.ts';
import { until } from '../support/until.ts';
import { watchTopics } from '../support/watch_topics.ts';

describe('every program', () => {
  it.each(['salt', 'salt-call', 'salt-emulate', 'salt-key', 'salt-master', 'salt-minion', 'salt-run'])(
    '%s prints its version and its help',
    async (name) => {
      const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
      expect(await runProgram(name, ['--version'])).toEqual({ stdout: `${name} ${version}\n`, stderr: '', status: 0 });
      const { stdout, status } = await runProgram(name, ['--help']);
      expect(stdout).toMatch(new RegExp(`^Usage: ${name} `));
      expect(stdout).toContain('--config-dir');
      expect(status).toBe(0);
    },
  );
});

describe('a daemon', () => {
  it('keeps all that it writes below root_dir', async () => {
    const root = temporaryDir();
    const ports = await freePorts();
    writeConfig(join(root, 'etc'), 'master', { root_dir: root, tls_port: ports.tls, tcp_port: ports.tcp });
    const master = startProgram('salt-master', ['-c', join(root, 'etc'), '-l', 'info']);
    onTestFinished(async () => void (await master.stop()));
    await master.line(/the master is up/);
    for (const path of [
      'etc/salt/pki/master/master.pem',
      'var/cache/salt/master',
      'var/run/salt/master/operator.sock',
      'var/log/salt/master',
    ]) {
      expect(existsSync(join(root, path)), path).toBe(true);
    }
    await until('its process id is written', () => existsSync(join(root, 'var/run/salt-master.pid')));
    expect(readFileSync(join(root, 'var/run/salt-master.pid'), 'utf8')).toBe(`${master.pid}\n`);
  });

  it('lets flags and the environment overrule its file', async () => {
    const dir = temporaryDir();
    const ports = await freePorts();
    writeConfig(join(dir, 'etc'), 'master', { root_dir: dir, tls_port: 1, tcp_port: ports.tcp, log_level: 'error' });
    const elsewhere = temporaryDir();
    const [log, pid] = [join(elsewhere, 'my.log'), join(elsewhere, 'my.pid')];
    const files = ['--log-file', log, '--log-file-level', 'info', '--pid-file', pid];
    const master = startProgram('salt-master', ['-c', join(dir, 'etc'), '-l', 'debug', ...files], {
      env: { SALT_TLS_PORT: String(ports.tls) },
    });
    onTestFinished(async () => void (await master.stop()));
    expect(await master.line(/the master is up/)).toContain(`127.0.0.1:${ports.tcp}`);
    await until('the files are there', () => existsSync(log) && existsSync(pid));
    await until('the log is written', () => readFileSync(log, 'utf8').includes('the master is up'));
  });
});

describe('a fleet', () => {
  const fleet = useProcesses({ minions: ['m1'] });

  it('protects its sockets and private keys', () => {
    const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect(modeOf(fleet().operatorSocket)).toBe('600');
    expect(modeOf(fleet().localSocket('m1'))).toBe('660');
    expect(modeOf(fleet().file('master', 'pki', 'master.pem'))).toBe('600');
    expect(modeOf(fleet().file('m1', 'pki', 'minion.pem'))).toBe('600');
  });

  it('opens its log files anew on SIGHUP, for those who rotate them', async () => {
    const log = fleet().file('master', 'log');
    renameSync(log, `${log}.1`);
    fleet().master().kill('SIGHUP');
    await fleet()
      .master()
      .line(/SIGHUP/);
    await until('there is a new log file', () => existsSync(log));
    await fleet().expectPing();
  });

  it('ends a minion on SIGTERM with status 0, its socket and pid file gone, and the master knows at once', async () => {
    const { status, stderr } = await fleet().minion('m1').stop();
    expect(status).toBe(0);
    expect(stderr).toContain('stopping on SIGTERM');
    expect(existsSync(fleet().localSocket('m1'))).toBe(false);
    expect(existsSync(fleet().file('m1', 'run', 'pid'))).toBe(false);
    expect((await fleet().cli('salt-run', ['manage.down'])).stdout).toBe('- m1\n');
    await fleet().startMinion('m1');
    await fleet().expectPing();
  });

  it('survives a master that is stopped and comes back: the minion says so, keeps trying and is there again', async () => {
    const minion = fleet().minion('m1');
    const lost = minion.nextLine(/the connection to the master ended/);
    const retried = minion.nextLine(/nothing listens there/);
    const { status } = await fleet().master().stop();
    expect(status).toBe(0);
    expect(existsSync(fleet().operatorSocket)).toBe(false);
    await lost;
    await retried;
    const back = minion.nextLine(/connected to the master/);
    await fleet().startMaster();
    await back;
    await fleet().expectPing();
  });

  it('survives a master that is killed while a job runs: what the minion did is not lost', async () => {
    const gate = fleet().file('gate');
    const { stdout } = await fleet().cli('salt', [
      ...['m1', 'cmd.run', `until [ -e ${gate} ]; do sleep 0.05; done; echo through`, 'python_shell=True', '--async'],
    ]);
    const jid = /(\d{20})/.exec(stdout)?.[1] ?? '';
    await until('the job runs', async () =>
      (await fleet().cli('salt-run', ['jobs.active'])).stdout.includes('running'),
    );
    fleet().master().kill('SIGKILL');
    await fleet().master().ended;
    expect(existsSync(fleet().operatorSocket), 'a killed process leaves its socket behind').toBe(true);
    writeFileSync(gate, '');
    const back = fleet()
      .minion('m1')
      .nextLine(/connected to the master/);
    await fleet().startMaster();
    await back;
    await until('the return is there', async () => {
      const found = await fleet().cli('salt-run', ['jobs.lookup_jid', jid]);
      return found.stdout === 'm1:\n    through\n';
    });
  });

  it('keeps what a minion fires while the master is away, even when the minion is stopped meanwhile', async () => {
    const lost = fleet()
      .minion('m1')
      .nextLine(/the connection to the master ended/);
    await fleet().master().stop();
    await lost;
    expect((await fleet().cli('salt-call', ['event.fire_master', '{build: 42}', 'myapp/deployed'])).status).toBe(0);
    await fleet().minion('m1').stop();
    await fleet().startMaster();
    const { messages, connection } = await watchTopics(fleet().operatorSocket, ['salt/event/#']);
    await fleet().startMinion('m1');
    const { text } = await messages.waitFor(({ topic }) => topic === 'salt/event/myapp/deployed');
    expect(JSON.parse(text)).toMatchObject({ id: 'm1', data: { build: 42 } });
    await connection.close();
  });

  it('goes on when the terminal that reads it goes away', async () => {
    await fleet().minion('m1').stop();
    fleet().configureMinion('m1');
    const minion = startProgram('salt-minion', ['-c', fleet().configDir('m1'), '-l', 'debug']);
    await minion.line(/connected to the master/);
    minion.hangUp();
    for (let count = 0; count < 3; count++) await fleet().expectPing();
    expect((await minion.stop()).status).toBe(0);
  });
});
