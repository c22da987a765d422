import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { expect, it } from 'vitest';
import { coreChecks } from '../../cli/doctor/doctor.ts';
import { runChecks } from '../../cli/doctor/run_checks.ts';
import { openConnection } from '../../shared/client/connection.ts';
import { systemClock } from '../../shared/clock.ts';
import { createCertificateAuthority, issueCertificate, MASTER_NAME } from '../../shared/crypto/certificate.ts';
import { freePorts, useProcesses, writeConfig } from '../support/fleet_processes.ts';
import { canBeNobody, giveToNobody, runProgram } from '../support/program.ts';
import { temporaryDir } from '../support/temporary_dir.ts';
import { told } from '../support/told_findings.ts';

const fleet = useProcesses({ minions: ['m1'] });
const doctor = (configDir: string, ...words: string[]) => runProgram('salt', ['-c', configDir, 'doctor', ...words]);
/** The line of a check, with its mend. */
const lineOf = (text: string, check: string) =>
  text.split(/\n(?=\[|\n)/).find((line) => new RegExp(`^\\[\\w+\\] +[\\w, ]*\\b${check}\\b`).test(line));

/** The configuration of m1 with another master, in a place of its own. */
function otherMaster(master: string): string {
  const dir = temporaryDir();
  const paths = { pki_dir: fleet().file('m1', 'pki'), cachedir: `${dir}/cache`, sock_dir: `${dir}/run` };
  writeConfig(`${dir}/etc`, 'minion', { id: 'm1', master, ...paths, log_file: null, pidfile: `${dir}/pid` });
  return `${dir}/etc`;
}

it('finds that all is well with a master and a minion that are, and tells machines so', async () => {
  for (const name of ['master', 'm1']) {
    const { stdout, stderr, status } = await doctor(fleet().configDir(name));
    expect([stderr, status], stdout).toEqual(['', 0]);
    expect(stdout).toMatch(/^salt-(master|minion), configured in \/.*\n(\[ok\] {3}\w+: .*\n)+\nall is well: \d+ ok\n$/);
  }
  const { stdout, status } = await doctor(fleet().configDir('m1'), '--json', '--quick');
  expect(status).toBe(0);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ status: 'ok', warnings: 0, problems: 0 });
  expect(report.checks).toContainEqual({
    role: 'minion',
    check: 'own_key',
    status: 'ok',
    text: 'the master has accepted m1',
  });
  expect(report.checks.map(({ check }: { check: string }) => check)).not.toContain('master_address');
});

it('a key of the master that was replaced leaves nothing to mend', async () => {
  expect((await fleet().cli('salt-run', ['key.rotate'])).status).toBe(0);
  const { stdout, status } = await doctor(fleet().configDir('master'), '--check', 'permissions');
  expect([stdout, status]).toEqual([expect.stringMatching(/^\[ok\] {3}permissions: /m), 0]);
});

it('a port that nobody listens on is told as refused, and what rests on it is not looked at', async () => {
  const { tls } = await freePorts();
  const { stdout, status } = await doctor(otherMaster(`127.0.0.1:${tls}`));
  expect(status).toBe(2);
  expect(lineOf(stdout, 'master_address')).toMatch(
    new RegExp(
      `^\\[fail\\] master_address: 127\\.0\\.0\\.1:${tls} refuses the connection: the host is there, but nothing listens on port ${tls}\n  mend \\(on the master\\): salt doctor  # or, when the master has another port: vi /.*/etc/minion here$`,
    ),
  );
  expect(stdout).toContain('[skip] tls_port, master_fingerprint: the master was not reached');
});

it('a clock that differs from the master’s is told, as the running minion hears it', async () => {
  const configDir = fleet().configDir('m1');
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() - 3 * 3_600_000 };
  const command = (...words: readonly string[]) => words.join(' ');
  const machine = { configDir, env: {}, hostname: 'm1', nodeVersion: '20.19.0', clock, command };
  const found = await runChecks(
    { role: 'minion', ...machine },
    { checks: coreChecks(), names: ['clock'], isQuick: false },
  );
  expect(told(found)).toEqual([
    "warn: the clock is 3 h behind the master's: schedules run, and logs are written, at the wrong time => timedatectl set-ntp true; timedatectl status",
  ]);
});

it('a port without TLS is told as such', async () => {
  const { stdout } = await doctor(otherMaster(`127.0.0.1:${fleet().ports.tcp}`), '--check', 'tls_port');
  expect(lineOf(stdout, 'tls_port')).toMatch(
    /^\[fail\] tls_port: 127\.0\.0\.1:\d+ does not speak TLS: .*\n {2}mend: vi /,
  );
});

it('a foreign certificate is told with both fingerprints and what to compare', async () => {
  const ca = createCertificateAuthority(MASTER_NAME, generateKeyPairSync('ed25519').privateKey, Date.now());
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const request = { ca, publicKey, commonName: MASTER_NAME, usage: 'server', days: 1, nowMs: Date.now() } as const;
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const server = createServer({ key, cert: issueCertificate(request) + ca.certPem });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { stdout, status } = await doctor(otherMaster(`127.0.0.1:${(server.address() as AddressInfo).port}`));
    expect(status).toBe(2);
    const print = '([0-9a-f]{2}:){31}[0-9a-f]{2}';
    expect(lineOf(stdout, 'master_fingerprint')).toMatch(
      new RegExp(
        `^\\[fail\\] master_fingerprint: 127\\.0\\.0\\.1:\\d+ shows the key ${print}, not the pinned ${print}: another master, or somebody in between\n  mend: rm /.*/minion_master\\.crt && salt-minion -c /.* # only if salt-key -F on the master shows the first$`,
      ),
    );
  } finally {
    server.close();
  }
});

it('a private key that others may read is told with the chmod', async () => {
  for (const [name, file] of [
    ['m1', 'minion.pem'],
    ['master', 'signing.pem'],
  ] as const) {
    const key = fleet().file(name, 'pki', file);
    chmodSync(key, 0o644);
    const { stdout, status } = await doctor(fleet().configDir(name));
    expect(status).toBe(2);
    expect(lineOf(stdout, 'permissions')).toBe(
      `[fail] permissions: ${key} holds a secret and has mode 0644: others may read it, so the daemon will not start with it\n  mend: chmod 600 ${key}`,
    );
    chmodSync(key, 0o600);
    expect((await doctor(fleet().configDir(name))).status).toBe(0);
  }
});

it('a mistyped key of the configuration hides nothing but what needs it', async () => {
  const dir = temporaryDir();
  writeFileSync(`${dir}/master`, 'tls_prot: 8884\n');
  const { stdout, status } = await doctor(dir);
  expect(status).toBe(2);
  expect(lineOf(stdout, 'configuration')).toBe(
    `[fail] configuration: ${dir}/master:1: unknown key 'tls_prot'; did you mean 'tls_port'?\n  mend: sed -i '1s/tls_prot/tls_port/' ${dir}/master`,
  );
  expect(lineOf(stdout, 'node_version')).toMatch(/^\[ok\]/);
});

it('another key for a known id is told on both sides', async () => {
  fleet().configureMinion('impostor', { id: 'm1' });
  await fleet().startMinion('impostor', { config: { id: 'm1' }, line: /another key is known for m1/ });
  const onMinion = await doctor(fleet().configDir('impostor'), '--check', 'own_key');
  expect(onMinion.stdout).toMatch(
    /\[fail\] own_key: the master denies m1: it knows another key for that id; this one is ([0-9a-f]{2}:?){32}\n {2}mend \(on the master\): salt-key -d m1 /,
  );
  const onMaster = await doctor(fleet().configDir('master'));
  expect(onMaster.status).toBe(1);
  expect(lineOf(onMaster.stdout.replace('[ok]   minion_keys', ''), 'minion_keys')).toMatch(
    /^\[warn\] minion_keys: m1 was offered with another key than the known one.*\n {2}mend: salt-key -c \/.*\/etc -d m1 /,
  );
  await fleet().minion('impostor').stop();
});

it('a minion that does not run is told with the command that starts it', async () => {
  await fleet().minion('m1').stop();
  const { stdout, status } = await doctor(fleet().configDir('m1'));
  expect(status).toBe(2);
  expect(lineOf(stdout, 'daemon')).toMatch(
    /^\[fail\] daemon: salt-minion does not run: there is no \/.*\/local\.sock\n {2}mend: salt-minion -c \/.*\/m1\/etc$/,
  );
  const { stdout: atMaster } = await doctor(fleet().configDir('master'), '--check', 'connected_minions');
  expect(atMaster).toContain('none of 1 accepted minions is connected\n  mend (on m1): salt doctor');
  await fleet().startMinion('m1');
});

it('a message that was refused is told with whose it was and why', async () => {
  const connection = await openConnection({
    endpoint: { kind: 'unix', path: fleet().operatorSocket },
    clientId: 'stray',
    keepaliveSeconds: 60,
    connectTimeoutMs: 5000,
    received: () => undefined,
  });
  await connection.publish({ topic: 'salt/job/m1', payload: Buffer.from('{}'), qos: 1, retain: false });
  await connection.close();
  const { stdout, status } = await doctor(fleet().configDir('master'), '--check', 'refused_messages');
  expect(status).toBe(1);
  expect(stdout).toMatch(
    /\[warn\] refused_messages: \w+ may not publish there, 1 time, last \d+ s ago: salt\/job\/m1 \(operator \w+ may not publish here\)\n {2}mend: salt-run -c \S+ broker\.refusals\n/,
  );
  const { stdout: list } = await fleet().cli('salt-run', ['broker.refusals', '--out', 'json']);
  expect(JSON.parse(list)).toContainEqual(expect.objectContaining({ topic: 'salt/job/m1', count: 1 }));
});

it.skipIf(!canBeNobody())('what a user may not look at is told once, and not called broken', async () => {
  const dir = temporaryDir();
  chmodSync(dir, 0o755);
  mkdirSync(`${dir}/pki`, { mode: 0o700 });
  mkdirSync(`${dir}/etc`);
  giveToNobody(`${dir}/etc`);
  const paths = { pki_dir: `${dir}/pki`, cachedir: `${dir}/cache`, sock_dir: `${dir}/run`, pidfile: `${dir}/pid` };
  writeConfig(`${dir}/etc`, 'master', { tls_port: 0, log_file: null, ...paths });
  chmodSync(`${dir}/pki`, process.getuid?.() === 0 ? 0o700 : 0);
  const { stdout } = await runProgram('salt', ['-c', `${dir}/etc`, 'doctor'], { asNobody: true });
  chmodSync(`${dir}/pki`, 0o700);
  expect(stdout.match(/this user may not look at it\n {2}mend: sudo salt -c .* doctor\n/g), stdout).toHaveLength(1);
});

it('the words of its command line are checked as anywhere, and a minion may be called doctor', async () => {
  const dir = fleet().configDir('m1');
  expect(await doctor(dir, '--check', 'daemn')).toMatchObject({
    stderr: "salt: there is no check 'daemn'; did you mean daemon?\n",
    status: 64,
  });
  expect(await doctor(temporaryDir())).toMatchObject({
    stderr: expect.stringMatching(
      /^salt: \/.* has neither a master's nor a minion's configuration; name its directory/,
    ),
    status: 64,
  });
  const { stdout } = await fleet().cli('salt', ['doctor', 'test.ping']);
  expect(stdout).toMatch(/^No minions matched the target/);
});
