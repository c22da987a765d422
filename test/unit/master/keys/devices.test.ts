import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { type DeclaredDevice, type Devices, openDevices } from '../../../../master/keys/devices.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

const LED: DeclaredDevice = { class: 1, max_packet: 256, window: 1, blocks: false, trust: 'hmac' };

let pkiDir: string;
let devices: Devices;
let changes: string[];

beforeEach(async () => {
  pkiDir = await temporaryDir();
  changes = [];
  devices = await openDevices(pkiDir, (id, change) => changes.push(`${change} ${id}`));
});

test('a device is who has its password, and is known after a restart', async () => {
  const { password, hmac_key: key } = await devices.add('led1', { ...LED, functions: ['led.set'] });
  expect(key).toMatch(/^[0-9a-f]{32}$/);
  for (const some of [devices, await openDevices(pkiDir, () => undefined)]) {
    expect(some.isDevice('led1', password)).toBe(true);
    expect(some.isDevice('led1', `${password}x`)).toBe(false);
    expect(some.isDevice('led2', password)).toBe(false);
    expect(some.get('led1')).toEqual({
      info: { v: 1, max_packet: 256, window: 1, enc: 'json', sig: 'hmac' },
      functions: ['led.set'],
      hmacKey: Buffer.from(key ?? '', 'hex'),
      blocks: false,
    });
  }
});

test('the file can be read by its owner alone and does not hold the password', async () => {
  const { password } = await devices.add('led1', LED);
  const file = join(pkiDir, 'constrained.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file, 'utf8')).not.toContain(password);
});

test('adding one again replaces its secrets, and removing takes by globs', async () => {
  const first = await devices.add('led1', LED);
  const second = await devices.add('led1', { ...LED, trust: 'connection' });
  expect(second).toEqual({ password: expect.any(String) });
  expect(devices.get('led1')?.info.sig).toBe('none');
  expect([first, second].map(({ password }) => devices.isDevice('led1', password))).toEqual([false, true]);
  await devices.add('sensor', LED);
  expect(await devices.remove(['led*'])).toEqual(['led1']);
  expect(await devices.remove(['led*'])).toEqual([]);
  expect(devices.ids()).toEqual(['sensor']);
  expect(changes).toEqual(['added led1', 'replaced led1', 'added sensor', 'removed led1']);
});

test.each([
  ['no minion id', '../x', {}, 'is not a minion id'],
  ['a packet that no job fits', 'led1', { max_packet: 64 }, 'max_packet'],
  ['what is no function', 'led1', { functions: ['led'] }, 'functions.0'],
])('%s is refused and changes nothing', async (_name, id, wrong, message) => {
  await expect(devices.add(id, { ...LED, ...wrong })).rejects.toThrow(message);
  expect([devices.ids(), changes]).toEqual([[], []]);
});

test('a file that somebody broke is told with its path', async () => {
  await writeFile(join(pkiDir, 'constrained.json'), '{"led1": {}}', { mode: 0o600 });
  await expect(openDevices(pkiDir, () => undefined)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('constrained.json is not what salt-key --add-constrained wrote'),
  });
});

test('a device is the same one until it is replaced', async () => {
  await devices.add('led1', LED);
  const first = devices.get('led1');
  expect(devices.get('led1')).toBe(first);
  await devices.add('led1', LED);
  expect(devices.get('led1')).not.toBe(first);
});
