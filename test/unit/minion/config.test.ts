import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cacheMinionId, loadMinionConfig, minionSchema } from '../../../minion/config.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'brine-minion-config-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true });
});

const write = (name: string, content: string): Promise<void> => writeFile(join(dir, name), content);
const load = (hostname = 'web1.example.com') => loadMinionConfig({ configDir: dir, env: {}, hostname });

test('a minion without a file looks for the host named salt', async () => {
  expect(await load()).toMatchObject({ master: 'salt', master_port: 8883, pki_dir: '/etc/salt/pki/minion' });
});

test('the id is that of the file, else that of minion_id, else the host name', async () => {
  expect((await load()).id).toBe('web1.example.com');
  await write('minion_id', 'cached\n');
  expect((await load()).id).toBe('cached');
  await write('minion', 'id: given');
  expect((await load()).id).toBe('given');
});

test('a directory in the place of minion_id is told', async () => {
  await mkdir(join(dir, 'minion_id'));
  await expect(load()).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: `${join(dir, 'minion_id')} cannot be read: it is a directory`,
    hint: 'move it away',
  });
});

test('a host name is lowered and given a domain when that is asked for', async () => {
  await write('minion', 'minion_id_lowercase: True\nappend_domain: example.com\n');
  expect((await load('WEB1')).id).toBe('web1.example.com');
  expect((await load('WEB1.other.org')).id).toBe('web1.other.org');
});

test.each(['../etc', 'a/b', '', '-x'])('a host name of %j is no id', async (hostname) => {
  await expect(load(hostname)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: `the host name: ${JSON.stringify(hostname)} cannot be a minion id`,
  });
});

test('profiles of sdb stand under sdb, or at the top of a file as in Salt', async () => {
  await write('minion', 'sdb: {a: {driver: env}}\nb:\n  driver: yaml\n  files: [/srv/b.yaml]\nc: {driver: env}\n');
  expect((await load()).sdb).toEqual({
    a: { driver: 'env' },
    b: { driver: 'yaml', files: ['/srv/b.yaml'] },
    c: { driver: 'env' },
  });
  await write('minion', 'd: {files: [/srv/b.yaml]}\n');
  await expect(load()).rejects.toThrow("unknown key 'd'");
});

test('keys with a dot are options of modules, with the values that they have', async () => {
  await write('minion', 'status.meminfo.custom: [MemFree]\nhosts.file: /srv/hosts\n');
  expect(await load()).toMatchObject({ 'status.meminfo.custom': ['MemFree'], 'hosts.file': '/srv/hosts' });
  await write('minion', '.hosts: 1\n');
  await expect(load()).rejects.toThrow("unknown key '.hosts'");
});

test('a minion without a broker cannot have its bus on a port', async () => {
  expect((await load()).profile).toBe('full');
  await write('minion', 'profile: lite\n');
  expect((await load()).profile).toBe('lite');
  await write('minion', 'profile: lite\nlocal_tcp_port: 1884\n');
  await expect(load()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('1884') });
});

test('an id of the wrong shape is refused with its line', async () => {
  await write('minion', 'id: a/b');
  await expect(load()).rejects.toMatchObject({ message: expect.stringContaining('minion:1: id is "a/b"') });
});

test('an id is cached once, and only when that is wanted', async () => {
  await cacheMinionId(await load('first'));
  await cacheMinionId({ ...(await load('second')), id: 'second' });
  expect(await readFile(join(dir, 'minion_id'), 'utf8')).toBe('first\n');
  expect((await load('second')).id).toBe('first');
  await rm(join(dir, 'minion_id'));
  await write('minion', 'minion_id_caching: False');
  await cacheMinionId(await load('third'));
  await expect(readFile(join(dir, 'minion_id'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each([
  ['salt', true],
  ['10.0.0.1:8883', true],
  ['[::1]:8883', true],
  ['mqtts://salt', false],
  ['salt:port', false],
])('a master of %j is accepted: %j', async (master, accepted) => {
  await write('minion', `master: "${master}"`);
  expect(
    await load().then(
      () => true,
      () => false,
    ),
  ).toBe(accepted);
});

test('no replaced key is a key', () => {
  const keys = Object.values(minionSchema.groups).flatMap((group) => Object.keys(group));
  expect(keys.filter((key) => Object.hasOwn(minionSchema.replaced, key))).toEqual([]);
  expect(new Set(keys).size).toBe(keys.length);
});
