import { describe, expect, test } from 'vitest';
import cpu from '../../../../minion/grains/cpu.ts';
import disks from '../../../../minion/grains/disks.ts';
import firmware from '../../../../minion/grains/firmware.ts';
import gpus from '../../../../minion/grains/gpus.ts';
import hardware from '../../../../minion/grains/hardware.ts';
import init from '../../../../minion/grains/init.ts';
import kernel from '../../../../minion/grains/kernel.ts';
import memory from '../../../../minion/grains/memory.ts';
import selinux from '../../../../minion/grains/selinux.ts';
import systemd from '../../../../minion/grains/systemd.ts';
import virtual from '../../../../minion/grains/virtual.ts';
import type { GrainSpec } from '../../../../minion/grains.ts';
import { fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { distributionRoot, fakePlatform, grainSource } from '../../../support/grain_source.ts';

async function collect(spec: GrainSpec, name: string): Promise<Readonly<Record<string, unknown>>> {
  return spec.collect(grainSource(distributionRoot(name)));
}

const macos = fakePlatform({ kernel: 'Darwin' });

describe('processors', () => {
  test.each([
    ['debian-12', 2, 'AMD EPYC', ['fpu', 'vme', 'sse2', 'hypervisor']],
    ['alpine', 4, 'Unknown', ['fp', 'asimd', 'evtstrm', 'crc32', 'cpuid']],
    ['openwrt', 4, 'MIPS 1004Kc V2.15', []],
  ])('of %s are counted and named', async (name, count, model, flags) => {
    expect(await collect(cpu, name)).toEqual({ num_cpus: count, cpu_model: model, cpu_flags: flags });
  });

  test('of IBM Z are counted by their own line', async () => {
    const root = await fixtureRoot({ 'proc/cpuinfo': 'vendor_id       : IBM/S390\n# processors    : 2\n' });
    expect(await cpu.collect(grainSource(root))).toMatchObject({ num_cpus: 2, cpu_model: 'IBM/S390' });
  });

  test('come from the system calls where there is no cpuinfo', async () => {
    const root = await fixtureRoot({});
    expect(await cpu.collect(grainSource(root, { platform: macos }))).toEqual({
      num_cpus: 2,
      cpu_model: 'Some Processor',
    });
  });
});

test('memory and swap are whole MiB', async () => {
  expect(await collect(memory, 'ubuntu-22.04')).toEqual({ mem_total: 15677, swap_total: 2047 });
  const root = await fixtureRoot({});
  expect(await memory.collect(grainSource(root, { platform: macos }))).toEqual({ mem_total: 8192 });
});

test('kernel parameters are pairs, split at their first equals sign and by double quotes', async () => {
  expect(await collect(kernel, 'debian-12')).toEqual({
    kernel: 'Linux',
    kernelrelease: '6.1.0-25-amd64',
    kernelversion: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3 (2024-08-26)',
    cpuarch: 'x86_64',
    kernelparams: [
      ['BOOT_IMAGE', '/vmlinuz-6.1.0-25-amd64'],
      ['root', 'UUID=0a3407de-014b-458b-b5c1-848e92a327a3'],
      ['ro', null],
      ['quiet', null],
      ['panic', '1'],
      ['dyndbg', 'file a.c +p'],
    ],
  });
});

describe('hardware', () => {
  test('comes from the firmware tables', async () => {
    expect(await collect(hardware, 'debian-12')).toEqual({
      biosversion: '1.16.2-debian-1.16.2-1',
      biosvendor: 'SeaBIOS',
      biosreleasedate: '04/01/2014',
      manufacturer: 'QEMU',
      productname: 'Standard PC (Q35 + ICH9, 2009)',
      uuid: '4c4c4544-0042-3510-8044-b7c04f4a3132',
    });
    expect(await collect(hardware, 'fedora')).toMatchObject({ serialnumber: 'PF1ABCDE', boardname: '20KHCTO1WW' });
  });

  test('comes from the device tree where there are no firmware tables', async () => {
    expect(await collect(hardware, 'alpine')).toEqual({
      productname: 'Raspberry Pi 4 Model B Rev 1.4',
      serialnumber: '10000000abcdef01',
    });
    expect(await collect(hardware, 'openwrt')).toEqual({ manufacturer: 'Xiaomi', productname: 'Mi Router 3G' });
  });

  test('is left out where neither is known', async () => {
    expect(await hardware.collect(grainSource(await fixtureRoot({})))).toEqual({});
  });
});

describe('virtual', () => {
  test.each([
    ['debian-12', { virtual: 'kvm' }],
    ['ubuntu-22.04', { virtual: 'Nitro', virtual_subtype: 'Amazon EC2 (m5.xlarge)' }],
    ['fedora', { virtual: 'physical' }],
    ['rocky', { virtual: 'kvm' }],
    ['opensuse', { virtual: 'VMware' }],
    ['arch', { virtual: 'VirtualBox' }],
    ['alpine', { virtual: 'physical' }],
    ['amazon', { virtual: 'Nitro', virtual_subtype: 'Amazon EC2 (t3.micro)' }],
    ['almalinux', { virtual: 'kvm' }],
    ['rhel', { virtual: 'physical' }],
    ['sles', { virtual: 'kvm' }],
  ])('of %s is %o', async (name, expected) => {
    expect(await collect(virtual, name)).toEqual(expected);
  });

  test.each([
    [{ '.dockerenv': '' }, { virtual: 'container', virtual_subtype: 'Docker' }],
    [{ 'run/.containerenv': '' }, { virtual: 'container', virtual_subtype: 'libpod' }],
    [{ 'proc/1/environ': 'PATH=/bin\0container=lxc\0' }, { virtual: 'container', virtual_subtype: 'LXC' }],
    [{ 'proc/1/cgroup': '0::/kubepods/besteffort/pod1\n' }, { virtual: 'container', virtual_subtype: 'kubernetes' }],
    [{ 'run/systemd/container': 'systemd-nspawn\n' }, { virtual: 'systemd-nspawn' }],
    [{ 'proc/vz/veinfo': '' }, { virtual: 'openvzve' }],
    [{ 'proc/xen/capabilities': 'control_d\n' }, { virtual: 'xen', virtual_subtype: 'Xen Dom0' }],
    [{ 'sys/hypervisor/type': 'xen\n' }, { virtual: 'xen', virtual_subtype: 'Xen PV DomU' }],
    [
      {
        'sys/class/dmi/id/sys_vendor': 'Microsoft Corporation\n',
        'sys/class/dmi/id/product_name': 'Virtual Machine\n',
      },
      { virtual: 'VirtualPC' },
    ],
    [{ 'sys/class/dmi/id/product_name': 'Google Compute Engine\n' }, { virtual: 'gce' }],
    [{ 'proc/device-tree/hypervisor/compatible': 'linux,kvm\0' }, { virtual: 'kvm' }],
    [{ 'proc/cpuinfo': 'flags : fpu hypervisor\n' }, { virtual: 'virtual' }],
    [
      { 'sys/class/dmi/id/sys_vendor': 'Amazon EC2\n', 'sys/class/dmi/id/product_name': 'c5.metal\n' },
      { virtual: 'physical' },
    ],
  ])('is told from %o', async (files, expected) => {
    expect(await virtual.collect(grainSource(await fixtureRoot(files)))).toEqual(expected);
  });
});

describe('init', () => {
  test.each([
    ['debian-12', 'systemd'],
    ['alpine', 'openrc'],
    ['openwrt', 'procd'],
  ])('of %s is %s', async (name, expected) => {
    expect(await collect(init, name)).toEqual({ init: expected });
  });

  test('is looked up in a program of that name', async () => {
    const root = await fixtureRoot({ 'proc/1/cmdline': '/sbin/init\0', 'sbin/init': 'ELF SysVinit 3.06' });
    expect(await init.collect(grainSource(root))).toEqual({ init: 'sysvinit' });
  });

  test('is unknown in a container that runs a program of its own', async () => {
    const root = await fixtureRoot({ 'proc/1/cmdline': 'nginx\0-g\0' });
    expect(await init.collect(grainSource(root))).toEqual({ init: 'unknown' });
  });
});

test('the version of systemd is asked for only where it is installed', async () => {
  const root = await fixtureRoot({ 'usr/bin/systemctl': '' });
  const exec = fakeExec({ 'systemctl --version': 'systemd 252 (252.30-1~deb12u2)\n+PAM +AUDIT\n' });
  expect(await systemd.collectOnce?.(grainSource(root, { exec }))).toEqual({
    systemd: { version: '252', features: '+PAM +AUDIT' },
  });
  expect(await systemd.collectOnce?.(grainSource(distributionRoot('alpine'), { exec: fakeExec({}) }))).toEqual({});
});

test('disks that turn and disks that do not are told apart, and virtual ones left out', async () => {
  expect(await collect(disks, 'debian-12')).toEqual({ disks: ['sda', 'vda'], ssds: ['nvme0n1'], mdadm: ['md127'] });
  expect(await disks.collect(grainSource(await fixtureRoot({})))).toEqual({});
});

test('SELinux is a grain where it is installed', async () => {
  expect(await collect(selinux, 'rocky')).toEqual({ selinux: { enabled: true, enforced: 'Enforcing' } });
  expect(await collect(selinux, 'amazon')).toEqual({ selinux: { enabled: true, enforced: 'Permissive' } });
  expect(await collect(selinux, 'fedora')).toEqual({ selinux: { enabled: false, enforced: 'Disabled' } });
  expect(await collect(selinux, 'debian-12')).toEqual({});
});

test('secure boot is the last byte of its variable', async () => {
  expect(await collect(firmware, 'fedora')).toEqual({ efi: true, 'efi-secure-boot': true });
  expect(await collect(firmware, 'debian-12')).toEqual({ efi: false, 'efi-secure-boot': false });
});

test('graphics processors have their vendor, and the name of the table of PCI ids', async () => {
  const root = await fixtureRoot({
    'sys/bus/pci/devices/a/class': '0x030000\n',
    'sys/bus/pci/devices/a/vendor': '0x10de\n',
    'sys/bus/pci/devices/a/device': '0x2204\n',
    'sys/bus/pci/devices/b/class': '0x030200\n',
    'sys/bus/pci/devices/b/vendor': '0xbeef\n',
    'sys/bus/pci/devices/b/device': '0x0001\n',
    'sys/bus/pci/devices/c/class': '0x020000\n',
    'usr/share/misc/pci.ids':
      '# head\n10de  NVIDIA Corporation\n\t2203  Other\n\t2204  GA102 [GeForce RTX 3090]\n\t\t1458 403b  Sub\n10df  Emulex\n',
  });
  expect(await gpus.collect(grainSource(root))).toEqual({
    num_gpus: 2,
    gpus: [
      { vendor: 'nvidia', model: 'GA102 [GeForce RTX 3090]' },
      { vendor: 'unknown', model: 'beef:0001' },
    ],
  });
});
