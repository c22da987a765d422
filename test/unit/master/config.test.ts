import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { brokerLimits, loadMasterConfig, masterSchema } from '../../../master/config.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'brine-master-config-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true });
});

test('a master without a file listens for minions on 8883 and for operators on the loopback', async () => {
  expect(await loadMasterConfig({ configDir: dir, env: {} })).toMatchObject({
    interface: '0.0.0.0',
    tls_port: 8883,
    tcp_interface: '127.0.0.1',
    tcp_port: 1883,
    auto_accept: false,
    pki_dir: '/etc/salt/pki/master',
    sock_dir: '/var/run/salt/master',
  });
});

test('root_dir moves every path', async () => {
  const config = await loadMasterConfig({ configDir: dir, env: {}, overrides: { root_dir: dir } });
  for (const key of ['pki_dir', 'cachedir', 'sock_dir', 'pidfile', 'log_file'] as const) {
    expect(config[key]).toMatch(new RegExp(`^${dir}/`));
  }
});

test('an operator has a password hash and nothing else', async () => {
  await writeFile(join(dir, 'master'), `operators:\n  alice: {password_hash: ${'ab'.repeat(32)}}\n`);
  expect((await loadMasterConfig({ configDir: dir, env: {} })).operators).toEqual({
    alice: { password_hash: 'ab'.repeat(32) },
  });
  await writeFile(join(dir, 'master'), 'operators:\n  alice: {password: abc}\n');
  await expect(loadMasterConfig({ configDir: dir, env: {} })).rejects.toMatchObject({
    message: expect.stringMatching(/^[^:]+\/master:1: operators is (?!.*abc)/),
  });
});

test.each([
  [
    "{web: 'm1 or m2', db: 'N@nope', dc: 'm3'}",
    "nodegroups: the node group 'db' is not valid at column 1: there is no node group 'nope'",
  ],
  [
    "{web: 'G@os:Debian and ('}",
    "nodegroups: the node group 'web' is not valid at column 18: something is missing at the end",
  ],
  ['{web: 7}', 'nodegroups is {"web":7}, expected a mapping of names to compound targets'],
])('of the node groups %s the one that is wrong is told', async (text, message) => {
  await writeFile(join(dir, 'master'), `nodegroups: ${text}\n`);
  await expect(loadMasterConfig({ configDir: dir, env: {} })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`/master:1: ${message}`),
  });
});

test('each limit of the broker has a key', async () => {
  const config = await loadMasterConfig({ configDir: dir, env: { SALT_MAX_PACKET_BYTES: '64KiB' } });
  expect(brokerLimits(config)).toMatchObject({ packetBytesMax: 65536, subscriptionsMax: 32 });
});

test('no replaced key is a key', () => {
  const keys = Object.values(masterSchema.groups).flatMap((group) => Object.keys(group));
  expect(keys.filter((key) => Object.hasOwn(masterSchema.replaced, key))).toEqual([]);
  expect(new Set(keys).size).toBe(keys.length);
});
