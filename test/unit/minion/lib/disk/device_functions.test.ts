import { execFile } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createExec } from '../../../../../minion/lib/exec.ts';
import disk from '../../../../../minion/modules/disk.ts';
import { systemClock } from '../../../../../shared/clock.ts';
import { silentLogger } from '../../../../../shared/log.ts';
import { type FakeCommand, fakeContext, fakeExec } from '../../../../support/fake_context.ts';
import { runFunction } from '../../../../support/run_function.ts';
import { temporaryDir } from '../../../../support/temporary_dir.ts';

const ask =
  'blockdev --getro --getsz --getss --getpbsz --getiomin --getioopt --getalignoff --getmaxsect --getsize --getsize64 --getra --getfra';

function machine(commands: Record<string, FakeCommand>) {
  const context = fakeContext({ exec: fakeExec(commands) });
  return (fun: string, args: unknown[], kwargs = {}) => runFunction(context, disk, `disk.${fun}`, args, kwargs);
}

test('a device tells its facts in the order of the questions', async () => {
  const call = machine({
    [`${ask} /dev/sda`]: '0\n976773168\n512\n4096\n4096\n0\n0\n2560\n976773168\n500107862016\n256\n512\n',
    [`${ask} /dev/sdz`]: { retcode: 1, stderr: 'blockdev: cannot open /dev/sdz: No such file or directory\n' },
  });
  expect(await call('dump', ['/dev/sda'])).toMatchObject({ getro: '0', getpbsz: '4096', getfra: '512' });
  expect(await call('dump', ['/dev/sda', ['getra', 'getsize64']])).toEqual({ getsize64: '500107862016', getra: '256' });
  await expect(call('dump', ['/dev/sdz'])).rejects.toThrow('cannot open /dev/sdz');
  await expect(call('dump', ['/dev/sda', ['size']])).rejects.toThrow('must be some of getro');
});

test('a device is tuned by the names of Salt', async () => {
  const call = machine({ 'blockdev --setra 1024 --setrw /dev/sda': '', [`${ask} /dev/sda`]: '0\n' });
  const how = { 'read-ahead': 1024, 'read-write': true, 'read-only': false };
  expect(await call('tune', ['/dev/sda'], how)).toMatchObject({ getro: '0' });
  await expect(call('tune', ['/dev/sda'], { speed: 3 })).rejects.toThrow('speed cannot be set');
  await expect(call('tune', ['/dev/sda'], { 'read-ahead': -1 })).rejects.toThrow('read-ahead: must not be negative');
  await expect(call('tune', ['/dev/sda'])).rejects.toThrow('nothing was said');
});

test('each kind of file system has its own options', async () => {
  const call = machine({
    'mkfs -t ext4 -i 4096 -E lazy_itable_init=0 -F /dev/sda1': '',
    'mkfs -t xfs -i size=512 -f /dev/sda1': '',
    'mkfs -t vfat -F 32 /dev/sda1': '',
    sync: '',
  });
  const ext = { inode_size: 4096, lazy_itable_init: false, force: true };
  expect(await call('format', ['/dev/sda1'], ext)).toBe(true);
  expect(await call('format', ['/dev/sda1', 'xfs'], { inode_size: 512, force: true, fat: 16 })).toBe(true);
  expect(await call('format', ['/dev/sda1', 'vfat'], { fat: 32 })).toBe(true);
  await expect(call('format', ['--help'])).rejects.toThrow('must be an absolute path');
  await expect(call('format', ['/dev/sda1', 'ext4 -F'])).rejects.toThrow('must be a type such as ext4');
});

test('the health of a disk is a mapping by id', async () => {
  const table = [
    'smartctl 7.3 2022-02-28 r5338',
    'ID# ATTRIBUTE_NAME          FLAG     VALUE WORST THRESH TYPE      UPDATED  WHEN_FAILED RAW_VALUE',
    '  5 Reallocated_Sector_Ct   0x0033   100   100   010    Pre-fail  Always       -       0',
    '194 Temperature_Celsius     0x0022   064   045   000    Old_age   Always       -       36 (Min/Max 20/55)',
  ].join('\n');
  const call = machine({
    'smartctl --attributes /dev/sda': table,
    'smartctl --attributes /dev/vda': 'Unable to detect\n',
  });
  expect(await call('smart_attributes', ['sda'], { attributes: [194] })).toEqual({
    194: {
      ...{ attribute_name: 'Temperature_Celsius', flag: '0x0022', value: 64, worst: 45, thresh: 0, type: 'Old_age' },
      ...{ updated: 'Always', when_failed: '-', raw_value: '36 (Min/Max 20/55)' },
    },
  });
  expect(await call('smart_attributes', ['/dev/sda'], { values: ['raw_value'] })).toMatchObject({
    5: { raw_value: '0' },
  });
  await expect(call('smart_attributes', ['vda'])).rejects.toThrow('Unable to detect');
});

test('a real image gets a file system, grows and is wiped', async () => {
  const image = join(temporaryDir(), 'image');
  await writeFile(image, '');
  await truncate(image, 4 * 1024 * 1024);
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  const { signal } = new AbortController();
  const exec = createExec({ env, log: silentLogger, clock: systemClock, signal });
  const call = (fun: string, ...args: unknown[]) =>
    runFunction(fakeContext({ root: '/', exec }), disk, `disk.${fun}`, args);
  const typeOf = () => call('fstype', image);
  expect(await call('format', image, 'ext4')).toBe(true);
  expect(await typeOf()).toBe('ext4');
  await truncate(image, 8 * 1024 * 1024);
  expect(await call('resize2fs', image)).toBe(true);
  const { stdout } = await promisify(execFile)('/usr/sbin/dumpe2fs', ['-h', image]);
  expect(Number(/^Block count:\s+(\d+)/m.exec(stdout)?.[1])).toBe(8192);
  expect(await call('wipe', image)).toBe(true);
  expect(await typeOf()).toBe('');
  await expect(call('resize2fs', image)).rejects.toThrow('Bad magic number');
});
