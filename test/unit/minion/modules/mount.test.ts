import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import mount from '../../../../minion/modules/mount.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const mounts = [
  '/dev/root / ext4 rw,relatime 0 0',
  'proc /proc proc rw,nosuid 0 0',
  '//nas/a /mnt/my\\040share cifs rw,uid=1000 0 0',
  '/dev/sdb1 /srv xfs ro 0 0',
].join('\n');
const mountinfo = [
  '22 1 8:1 / / rw,relatime shared:1 master:2 - ext4 /dev/root rw,errors=remount-ro',
  '40 22 0:45 / /mnt/my\\040share rw - cifs //nas/a rw,uid=1000',
].join('\n');
const listed = '/dev/sda1 on / type ext4 (rw,relatime) [system]\n//nas/a on /mnt/my share type cifs (rw,uid=1000)\n';
const swaps = 'Filename\tType\tSize\tUsed\tPriority\n/swap\\040file file\t512\t0\t-2\n';

async function machine(commands: Parameters<typeof fakeExec>[0] = {}, functions = {}) {
  const root = await fixtureRoot({
    'proc/mounts': mounts,
    'proc/self/mountinfo': mountinfo,
    'proc/swaps': swaps,
    'etc/fstab': '# static\n/dev/sdb1 /srv xfs defaults 0 2\n',
    'srv/data/': '',
    'usr/bin/sshfs': '#!/bin/sh\n',
  });
  const exec = fakeExec({ 'mount -l': listed, ...commands });
  const grains = { path: join(root, 'usr/bin') };
  const modules = { mount };
  const config = { cachedir: '/var/cache/salt/minion' };
  const context = fakeContext({ root, exec, functions, grains, modules, config });
  return {
    root,
    context,
    run: (fun: string, args: unknown[] = [], kwargs = {}) => runFunction(context, mount, `mount.${fun}`, args, kwargs),
    fstab: () => readFile(join(root, 'etc/fstab'), 'utf8'),
  };
}

test('active mounts have the names that mount has for their devices', async () => {
  const { run } = await machine();
  const active = (await run('active')) as Record<string, unknown>;
  expect(Object.keys(active)).toEqual(['/', '/proc', '/mnt/my share', '/srv']);
  expect(active['/']).toEqual({
    ...{ device: '/dev/root', alt_device: '/dev/sda1', fstype: 'ext4', opts: ['rw', 'relatime'] },
  });
  expect(active['/proc']).toMatchObject({ alt_device: null });
  const isMounted = (path: string) => run('is_mounted', [path]);
  expect(await Promise.all(['/mnt/my share', '/srv/', '/', '/mnt'].map(isMounted))).toEqual([true, true, true, false]);
});

test('with more detail they have ids, the options of the file system, UUID and label', async () => {
  const blkid = { 'disk.blkid': () => ({ '/dev/root': { UUID: 'AB-1', LABEL: 'system' } }) };
  const { run } = await machine({}, blkid);
  const active = (await run('active', [], { extended: true })) as Record<string, unknown>;
  expect(active['/']).toEqual({
    ...{ mountid: '22', parentid: '1', major: '8', minor: '1', root: '/', opts: ['rw', 'relatime'], fstype: 'ext4' },
    ...{ device: '/dev/root', alt_device: '/dev/sda1', superopts: ['rw', 'errors=remount-ro'] },
    ...{ device_uuid: 'ab-1', device_label: 'system' },
  });
  expect(active['/mnt/my share']).toMatchObject({ device: '//nas/a', device_uuid: null });
});

test('set_fstab writes what differs, keeps the mode of the file, and in test mode nothing', async () => {
  const { run, fstab, root } = await machine();
  await chmod(join(root, 'etc/fstab'), 0o640);
  const before = await fstab();
  expect(await run('set_fstab', ['/srv', '/dev/sdb1', 'xfs'], { pass_num: 2 })).toBe('present');
  expect(await run('set_fstab', ['/srv', '/dev/sdb1', 'xfs', 'ro'], { test: true })).toBe('change');
  expect(await fstab()).toBe(before);
  expect(await run('set_fstab', ['/srv', '/dev/sdb1', 'xfs', ''], { pass_num: 2 })).toBe('present');
  expect(await run('set_fstab', ['/tmp', 'tmpfs', 'tmpfs', ['nosuid', 'size=1g']])).toBe('new');
  expect(await fstab()).toBe(`${before}tmpfs\t\t/tmp\ttmpfs\tnosuid,size=1g\t0 0\n`);
  expect((await stat(join(root, 'etc/fstab'))).mode & 0o777).toBe(0o640);
  expect(await run('rm_fstab', ['/tmp', null])).toBe(true);
  expect(await fstab()).toBe(before);
});

test('what cannot be an entry is refused', async () => {
  const { run } = await machine();
  await expect(run('set_fstab', ['/a\n/dev/x', '/dev/sdc', 'ext4'])).rejects.toThrow('must be one line');
  await expect(run('set_fstab', ['/a', '/dev/sdc', 'ext4'], { match_on: 'path' })).rejects.toThrow('must be auto, or');
  await expect(run('set_fstab', ['/a', '/dev/sdc', 'ext4'], { config: '/etc/none' })).rejects.toThrow(
    'Bad config file "/etc/none"',
  );
});

test('mount passes its options as arguments, and what it says against it comes back', async () => {
  const made: unknown[] = [];
  const { run, context } = await machine(
    {
      'mount -o ro,noatime -t ext4 /dev/sdz1 /mnt/foo': '',
      'mount /mnt/bar': { retcode: 32, stderr: "mount: /mnt/bar: can't find in /etc/fstab.\n" },
    },
    { 'file.mkdir': (args: unknown[]) => made.push(...args) },
  );
  const how = { mkmnt: true, fstype: 'ext4', opts: ['ro', 'noatime'] };
  expect(await run('mount', ['/mnt/foo', '/dev/sdz1'], how)).toBe(true);
  expect(made).toEqual(['/mnt/foo']);
  expect(await run('mount', ['/mnt/bar'])).toBe("mount: /mnt/bar: can't find in /etc/fstab.");
  expect(context.retcodes).toEqual([32]);
  await expect(run('mount', ['/mnt/foo', '--bind'])).rejects.toThrow('does not begin with a dash');
});

test('remount adds the option, and mounts what is not there', async () => {
  const { run } = await machine({
    'mount -o noatime,remount /dev/sdb1 /srv': '',
    'mount -o defaults /dev/sdc1 /mnt/foo': '',
  });
  expect(await run('remount', ['/srv', '/dev/sdb1'], { opts: 'noatime' })).toBe(true);
  expect(await run('remount', ['/mnt/foo', '/dev/sdc1'])).toBe(true);
});

test('umount takes a path or a device, and says so when nothing is mounted', async () => {
  const { run } = await machine({
    'umount -l /srv': '',
    'umount /dev/sdb1': { retcode: 32, stderr: 'target is busy.\n' },
  });
  expect(await run('umount', ['/srv'], { lazy: true })).toBe(true);
  expect(await run('umount', ['/srv', '/dev/sdb1'])).toBe('target is busy.');
  expect(await run('umount', ['/mnt'])).toBe('/mnt does not have anything mounted');
});

test('swap areas are listed, used once, and an error says why', async () => {
  const { run } = await machine({
    'swapon -p 5 /new': { retcode: 255, stderr: 'swapon: /new: insecure permissions\n' },
    'swapoff /swap file': '',
  });
  const stats = { type: 'file', size: '512', used: '0', priority: '-2' };
  expect(await run('swaps')).toEqual({ '/swap file': stats });
  expect(await run('swapon', ['/swap file'])).toEqual({ stats, new: false });
  await expect(run('swapon', ['/new', 5])).rejects.toThrow('insecure permissions');
  expect(await run('swapoff', ['/other'])).toBeNull();
  expect(await run('swapoff', ['/swap file'])).toBe(false);
});

test('a path is on the mount that is deepest above it, also where nothing is yet', async () => {
  const { run } = await machine();
  expect(await run('get_mount_from_path', ['/srv/data/new/file'])).toBe('/srv');
  expect(await run('get_device_from_path', ['/srv/data'])).toBe('/dev/sdb1');
  expect(await run('get_mount_from_path', ['/usr/bin/sshfs'])).toBe('/');
});

test('a command is of FUSE when it is linked with its library', async () => {
  const { run, root } = await machine();
  expect(await run('is_fuse_exec', ['none'])).toBe(false);
  const context = fakeContext({
    grains: { path: join(root, 'usr/bin') },
    exec: fakeExec({ [`ldd ${join(root, 'usr/bin/sshfs')}`]: '\tlibfuse3.so.3 => /lib/libfuse3.so.3\n' }),
  });
  expect(await runFunction(context, mount, 'mount.is_fuse_exec', ['sshfs'])).toBe(true);
});

test('what is remembered of mounts outlives the process, and only that of one mount is forgotten', async () => {
  const { run } = await machine();
  expect(await run('read_mount_cache', ['/a'])).toEqual({});
  for (const name of ['/a', '/b']) await run('write_mount_cache', [name, '/dev/sda1', false, 'ext4', ['defaults']]);
  await run('delete_mount_cache', ['/a']);
  expect(await run('read_mount_cache', ['/a'])).toEqual({});
  expect(await run('read_mount_cache', ['/b'])).toEqual({
    ...{ device: '/dev/sda1', fstype: 'ext4', mkmnt: false, opts: ['defaults'] },
  });
});
