import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePorts, pathsOf, useProcesses, writeConfig } from '../support/fleet_processes.ts';
import { type CommandResult, canBeNobody, giveToNobody, runProgram, startProgram } from '../support/program.ts';
import { temporaryDir } from '../support/temporary_dir.ts';
import { until } from '../support/until.ts';

type Kind = 'master' | 'minion';

/** A fleet that runs while another daemon cannot: it must not notice. */
const fleet = useProcesses({ minions: ['m1'] });

/** A complete configuration, but for what the test says; starts the daemon, which must end by itself. */
async function start(
  kind: Kind,
  settings: Readonly<Record<string, unknown>>,
  dir = temporaryDir(),
): Promise<CommandResult> {
  writeConfig(dir, kind, { ...(await usual(kind, dir)), ...settings });
  return runProgram(`salt-${kind}`, ['-c', dir]);
}

async function usual(kind: Kind, dir: string): Promise<Readonly<Record<string, unknown>>> {
  const ports = await freePorts();
  return kind === 'master'
    ? { ...pathsOf(dir), interface: '127.0.0.1', tls_port: ports.tls, tcp_port: ports.tcp }
    : { ...pathsOf(dir), id: 'm9', master: `127.0.0.1:${fleet().ports.tls}` };
}

/** One line on standard error, and the status. */
function expectRefusal({ stdout, stderr, status }: CommandResult, wanted: number, text: RegExp): void {
  expect(stdout).toBe('');
  expect(stderr).toMatch(text);
  expect(stderr.match(/\n/g)).toHaveLength(1);
  expect(status).toBe(wanted);
}

/** The same text as a whole file. */
async function startWith(kind: Kind, text: string): Promise<CommandResult & { readonly file: string }> {
  const dir = temporaryDir();
  writeFileSync(join(dir, kind), text);
  return { ...(await runProgram(`salt-${kind}`, ['-c', dir])), file: join(dir, kind) };
}

describe('a configuration file', () => {
  it('with an unknown key is refused with its line and the nearest key', async () => {
    const result = await startWith('master', '# mine\n\ntimeoutt: 9\n');
    expect(result).toMatchObject({
      stderr: `salt-master: ${result.file}:3: unknown key 'timeoutt'; did you mean 'timeout'?\n`,
      status: 78,
    });
  });

  it('with a key of Salt that means nothing here is refused with what there is instead', async () => {
    const result = await startWith('master', 'worker_threads: 5\n');
    expectRefusal(result, 78, /:1: unknown key 'worker_threads'; Salt has it, here there are no workers to count\n$/);
  });

  it('with wrong values is refused with all of them, a line each', async () => {
    const { stderr, status, file } = await startWith('master', 'timeout: soon\ntls_port: 99999\nauto_accept: maybe\n');
    expect(stderr.split('\n')).toEqual([
      expect.stringContaining(`${file}:1: timeout is "soon", expected seconds`),
      expect.stringContaining(`${file}:2: tls_port is 99999, expected a whole number from `),
      expect.stringContaining(`${file}:3: auto_accept is "maybe", expected True or False`),
      '',
    ]);
    expect(status).toBe(78);
  });

  it.each([
    ['is not YAML', 'timeout: 5\nfoo: [1\n', /:3:1: not valid YAML: /],
    ['has a tab', 'timeout: 5\n\tfoo: 1\n', /:2:\d+: not valid YAML: /],
    ['is a list', '- a\n', /: is not a mapping of keys to values\n$/],
    ['has a key twice', 'timeout: 5\ntimeout: 6\n', /:2: key 'timeout' is given twice, first in line 1\n$/],
  ])('that %s is refused with the place', async (_name, text, message) => {
    expectRefusal(await startWith('minion', text), 78, message);
  });

  it('that is a directory, or whose directory is not there, is refused with status 66', async () => {
    const dir = temporaryDir();
    mkdirSync(join(dir, 'master'));
    expectRefusal(await runProgram('salt-master', ['-c', dir]), 66, /\/master: cannot be read: it is a directory\n$/);
    const missing = await runProgram('salt', ['-c', join(dir, 'missing'), '*', 'test.ping']);
    expectRefusal(missing, 66, /\/missing: cannot be read: there is no such file or directory\n$/);
  });

  it.skipIf(!canBeNobody())('that may not be read is refused with status 66', async () => {
    const dir = temporaryDir();
    chmodSync(dir, 0o755);
    writeFileSync(join(dir, 'minion'), 'id: m9\n', { mode: 0o000 });
    const result = await runProgram('salt-minion', ['-c', dir], { asNobody: true });
    expectRefusal(result, 66, /\/minion: cannot be read: permission denied\n$/);
  });

  it('with an id that is no file name is refused, in the file and in minion_id', async () => {
    expectRefusal(
      await startWith('minion', 'id: ../../etc/x\n'),
      78,
      /:1: id is "..\/..\/etc\/x", expected 1 to 63 characters/,
    );
    const dir = temporaryDir();
    writeFileSync(join(dir, 'minion_id'), 'a/../b\n');
    const result = await runProgram('salt-minion', ['-c', dir]);
    expectRefusal(
      result,
      78,
      /\/minion_id: "a\/..\/b" cannot be a minion id; set id in the configuration of the minion\n$/,
    );
  });

  it.each(['127.0.0.1:99999', 'salt:65536', 'salt:0', 'salt:', 'one two'])(
    'with the master %s is refused',
    async (master) => {
      expectRefusal(
        await startWith('minion', `master: '${master}'\n`),
        78,
        /:1: master is ".*", expected a host name or address, with or without `:port`, from 1 to 65535/,
      );
    },
  );

  it('with a fingerprint of the master that is none is refused', async () => {
    expectRefusal(
      await startWith('minion', 'master_finger: aa:bb\n'),
      78,
      /:1: master_finger is "aa:bb", expected the 32 bytes/,
    );
  });

  it('is refused whatever variable or flag is wrong, which is named', async () => {
    const dir = temporaryDir();
    const variable = await runProgram('salt-master', ['-c', dir], { env: { SALT_TLS_PORT: 'high' } });
    expectRefusal(variable, 78, /^salt-master: SALT_TLS_PORT: tls_port is "high", expected a whole number/);
  });
});

describe('a daemon that cannot have what it needs', () => {
  it('says that its port is taken', async () => {
    const { tls } = fleet().ports;
    const result = await start('master', { tls_port: tls });
    expectRefusal(
      result,
      69,
      new RegExp(`another process listens on 127\\.0\\.0\\.1:${tls}; stop it, or choose another port\\n$`),
    );
    await fleet().expectPing();
  });

  it('says that the port of its metrics is taken, and serves nobody', async () => {
    const { tls } = fleet().ports;
    const result = await start('master', { metrics_port: tls });
    expectRefusal(result, 69, new RegExp(`metrics_port ${tls}.*set another metrics_port, or null for none\\n$`));
  });

  it('says that the address is not one of this machine', async () => {
    expectRefusal(
      await start('master', { interface: '203.0.113.7' }),
      78,
      /203\.0\.113\.7:\d+ is not an address of this machine; change interface\n$/,
    );
  });

  it('says that another master, or minion, uses its sock_dir, and leaves that one alone', async () => {
    const master = await start('master', {
      sock_dir: fleet().file('master', 'run'),
      pidfile: fleet().file('master', 'run', 'pid'),
    });
    expectRefusal(
      master,
      69,
      /another process listens on .*\/operator\.sock; stop it, or give this one another sock_dir\n$/,
    );
    const minion = await start('minion', {
      sock_dir: fleet().file('m1', 'run'),
      pidfile: fleet().file('m1', 'run', 'pid'),
    });
    expectRefusal(
      minion,
      69,
      /another process listens on .*\/local\.sock; stop it, or give this one another sock_dir\n$/,
    );
    expect(readFileSync(fleet().file('master', 'run', 'pid'), 'utf8')).toBe(`${fleet().master().pid}\n`);
    await fleet().expectPing();
  });

  it('leaves what a minion that runs has on its disk alone', async () => {
    const ledger = fleet().file('m1', 'cache', 'ledger');
    const { ino } = statSync(ledger);
    const elsewhere = { cachedir: fleet().file('m1', 'cache'), sock_dir: temporaryDir() };
    expectRefusal(await start('minion', elsewhere), 69, /process \d+ has .*\/m1\/cache open; /);
    expect(statSync(ledger).ino).toBe(ino);
    await fleet().expectPing();
  });

  it('leaves what a master that runs has on its disk alone', async () => {
    const journal = fleet().file('master', 'cache', 'store', 'journal');
    const written = (): Buffer => {
      const bytes = readFileSync(journal);
      return bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1);
    };
    const before = written();
    expect(before.length).toBeGreaterThan(0);
    const second = await runProgram('salt-master', ['-c', fleet().configDir('master')]);
    expectRefusal(second, 69, /another process listens on .*\/operator\.sock; /);
    const elsewhere = { cachedir: fleet().file('master', 'cache'), sock_dir: temporaryDir() };
    expectRefusal(await start('master', elsewhere), 69, /process \d+ has .*\/cache\/store open; /);
    expect(written().subarray(0, before.length)).toEqual(before);
  });

  it('says that the path of its socket is too long', async () => {
    const dir = temporaryDir();
    const result = await start('master', { sock_dir: join(dir, 'x'.repeat(100)) }, dir);
    expectRefusal(result, 78, /the socket path has \d+ bytes, limit 107: .*; choose a shorter sock_dir\n$/);
  });

  it('takes over the socket that a killed process left behind, but no other file', async () => {
    const dir = temporaryDir();
    mkdirSync(join(dir, 'run'));
    const server = createServer().listen(join(dir, 'run', 'other.sock'));
    server.close();
    writeFileSync(join(dir, 'run', 'operator.sock'), 'not a socket');
    expectRefusal(
      await start('master', {}, dir),
      78,
      /operator\.sock exists and is not a socket; move that file away\n$/,
    );
    expect(readFileSync(join(dir, 'run', 'operator.sock'), 'utf8')).toBe('not a socket');
  });

  it.each(['pki_dir', 'cachedir', 'sock_dir'])('names %s when it cannot be made', async (setting) => {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'file'), '');
    const path = join(dir, 'file', 'below');
    const text = `${setting} ${path} cannot be used: part of the path is not a directory; make it a directory that this user may write to, or change ${setting}\n`;
    for (const kind of ['master', 'minion'] as const) {
      expect(await start(kind, { [setting]: path }, dir)).toMatchObject({
        stderr: `salt-${kind}: ${text}`,
        status: 66,
      });
    }
  });

  it.skipIf(!canBeNobody())('names cachedir when it may not be written to', async () => {
    const dir = temporaryDir();
    giveToNobody(dir);
    mkdirSync(join(dir, 'cache'), { mode: 0o555 });
    writeConfig(join(dir, 'etc'), 'master', { ...(await usual('master', dir)) });
    const result = await runProgram('salt-master', ['-c', join(dir, 'etc')], { asNobody: true });
    expectRefusal(result, 66, /cachedir .*\/cache cannot be used: permission denied; /);
  });

  it.each(['log_file', 'pidfile'])('ends when its %s cannot be written', async (setting) => {
    const dir = temporaryDir();
    mkdirSync(join(dir, 'taken'));
    const result = await start('master', { [setting]: join(dir, 'taken') }, dir);
    expectRefusal(result, 66, /(log|pid) file .*\/taken cannot be written: it is a directory; set (log_file|pidfile) /);
    expect(existsSync(join(dir, 'run', 'operator.sock'))).toBe(false);
  });

  it('goes on when the disk of its log file is full, and says so', async () => {
    const dir = temporaryDir();
    const settings = { ...(await usual('master', dir)), log_file: '/dev/full', log_level_logfile: 'info' };
    writeConfig(dir, 'master', settings);
    const master = startProgram('salt-master', ['-c', dir, '-l', 'info']);
    await master.line(/the log file \/dev\/full cannot be written: the disk is full/);
    await master.line(/the master is up/);
    expect((await runProgram('salt-run', ['-c', dir, 'manage.up'])).status).toBe(0);
    expect((await master.stop()).status).toBe(0);
  });

  it('tells what its configuration names and cannot use, and the doctor says the same', async () => {
    for (const [kind, setting] of [
      ['master', 'event_return'],
      ['minion', 'return'],
    ] as const) {
      const dir = temporaryDir();
      writeConfig(dir, kind, { ...(await usual(kind, dir)), [setting]: 'jsnol' });
      const daemon = startProgram(`salt-${kind}`, ['-c', dir]);
      await daemon.line(/names what cannot be used problem="?there is no returner 'jsnol'; did you mean jsonl/);
      expect((await daemon.stop()).status).toBe(0);
      const { stdout, status } = await runProgram('salt', ['-c', dir, 'doctor', '--check', 'references']);
      expect(stdout).toContain(
        `[fail] references: there is no returner 'jsnol'; did you mean jsonl\n  mend: vi ${dir}/`,
      );
      expect(status).toBe(2);
    }
  });

  it('does not use a private key that others may read', async () => {
    const dir = temporaryDir();
    for (const kind of ['master', 'minion'] as const) {
      const key = join(dir, 'pki', `${kind}.pem`);
      mkdirSync(join(dir, 'pki'), { recursive: true });
      writeFileSync(key, 'whatever', { mode: 0o644 });
      const { stderr, status } = await start(kind, {}, dir);
      expect(stderr).toBe(
        `salt-${kind}: ${key} holds a secret and has mode 0644: others may read it; chmod 600 ${key}\n`,
      );
      expect(status).toBe(77);
    }
  });

  it('says which file of its keys is broken', async () => {
    const dir = temporaryDir();
    mkdirSync(join(dir, 'pki'));
    writeFileSync(join(dir, 'pki', 'master.pem'), 'garbage', { mode: 0o600 });
    expectRefusal(
      await start('master', {}, dir),
      78,
      /master\.pem does not hold a private key; put the key back from a backup/,
    );
  });

  it.each([
    ['master', 'cache/store/journal'],
    ['master', 'cache/store/lock.mdb'],
    ['master', 'pki/master.pem'],
    ['master', 'pki/master.crt'],
    ['minion', 'cache/ledger'],
    ['minion', 'cache/outbox/journal'],
    ['minion', 'cache/schedule.json'],
    ['minion', 'pki/minion.pem'],
    ['minion', 'pki/minion_master.crt'],
    ['minion', 'pki/minion.crt'],
    ['minion', 'pki/minion_master_sign.crt'],
  ] as const)('of the %s says that a directory is in the place of %s', async (kind, file) => {
    const dir = temporaryDir();
    mkdirSync(join(dir, file), { recursive: true });
    // Who knows no master yet looks at certificates later.
    const pinned = 'pki/minion_master.crt';
    mkdirSync(join(dir, 'pki'), { recursive: true });
    if (file !== pinned) copyFileSync(fleet().file('m1', pinned), join(dir, pinned));
    const { stderr, status } = await start(kind, {}, dir);
    expect(stderr).toMatch(
      new RegExp(`^salt-${kind}: ${join(dir, file)} cannot be (read|opened): it is a directory; move it away\\n$`),
    );
    expect(status).toBe(66);
  });

  it('says that its store is broken, and leaves it as it is', async () => {
    const dir = temporaryDir();
    mkdirSync(join(dir, 'cache', 'store'), { recursive: true });
    const store = join(dir, 'cache', 'store', 'data.mdb');
    writeFileSync(store, 'garbage'.repeat(2000));
    const result = await start('master', {}, dir);
    expectRefusal(
      result,
      66,
      /cache\/store\/data\.mdb cannot be opened: it is not a store of jobs; put it back from a backup, or move it away to begin without the jobs of before\n$/,
    );
    expect(readFileSync(store, 'utf8')).toBe('garbage'.repeat(2000));
  });

  it('waits for a master that is not there, and says where it looks', async () => {
    const dir = temporaryDir();
    const { tls } = await freePorts();
    writeConfig(dir, 'minion', { ...(await usual('minion', dir)), master: `127.0.0.1:${tls}`, recon_default: 50 });
    const minion = startProgram('salt-minion', ['-c', dir]);
    await minion.line(new RegExp(`cannot connect to 127\\.0\\.0\\.1:${tls}: nothing listens there`));
    expect((await minion.stop()).status).toBe(0);
    await until('its socket is gone', () => !existsSync(join(dir, 'run', 'local.sock')));
  });

  it.each([
    [
      'is no host',
      'no-such-host.invalid',
      /cannot connect to no-such-host\.invalid:8883: (there is no host of that name|its name cannot be looked up now)/,
    ],
    ['does not speak TLS', undefined, /cannot connect to 127\.0\.0\.1:\d+: the other side closed the connection/],
  ])('says that its master %s', async (_name, master, text) => {
    const dir = temporaryDir();
    writeConfig(dir, 'minion', { ...(await usual('minion', dir)), master: master ?? `127.0.0.1:${fleet().ports.tcp}` });
    const minion = startProgram('salt-minion', ['-c', dir]);
    await minion.line(text);
    expect((await minion.stop()).status).toBe(0);
  });
});
