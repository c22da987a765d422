import { describe, expect, test } from 'vitest';
import os from '../../../../minion/grains/os.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { distributionRoot, fakePlatform, grainSource } from '../../../support/grain_source.ts';

/** By GRN-3: the name and family maps of Salt, and `osfinger` as `<os or full name>-<release>`. */
const distributions: Record<string, Record<string, unknown>> = {
  'debian-12': {
    os: 'Debian',
    os_family: 'Debian',
    osfullname: 'Debian GNU/Linux',
    osrelease: '12',
    osrelease_info: [12],
    osmajorrelease: 12,
    osfinger: 'Debian-12',
    oscodename: 'bookworm',
    osarch: 'amd64',
    lsb_distrib_id: 'Debian GNU/Linux',
    lsb_distrib_release: '12',
    lsb_distrib_codename: 'bookworm',
  },
  'ubuntu-22.04': {
    os: 'Ubuntu',
    os_family: 'Debian',
    osfullname: 'Ubuntu',
    osrelease: '22.04',
    osrelease_info: [22, 4],
    osmajorrelease: 22,
    osfinger: 'Ubuntu-22.04',
    oscodename: 'jammy',
    osarch: 'amd64',
    lsb_distrib_id: 'Ubuntu',
    lsb_distrib_release: '22.04',
    lsb_distrib_codename: 'jammy',
    lsb_distrib_description: 'Ubuntu 22.04.4 LTS',
  },
  alpine: {
    os: 'Alpine',
    os_family: 'Alpine',
    osfullname: 'Alpine Linux',
    osrelease: '3.20.3',
    osrelease_info: [3, 20, 3],
    osmajorrelease: 3,
    osfinger: 'Alpine Linux-3',
    oscodename: 'Alpine Linux v3.20',
    osarch: 'x86_64',
  },
  fedora: {
    os: 'Fedora',
    os_family: 'RedHat',
    osfullname: 'Fedora Linux',
    osrelease: '40',
    osrelease_info: [40],
    osmajorrelease: 40,
    osfinger: 'Fedora Linux-40',
    oscodename: '',
    osarch: 'x86_64',
  },
  rocky: {
    os: 'Rocky',
    os_family: 'RedHat',
    osfullname: 'Rocky Linux',
    osrelease: '9.4',
    osrelease_info: [9, 4],
    osmajorrelease: 9,
    osfinger: 'Rocky Linux-9',
    oscodename: 'Blue Onyx',
    osarch: 'x86_64',
  },
  openwrt: {
    os: 'OpenWrt',
    os_family: 'OpenWrt',
    osfullname: 'OpenWrt',
    osrelease: '23.05.3',
    osrelease_info: [23, 5, 3],
    osmajorrelease: 23,
    osfinger: 'OpenWrt-23',
    oscodename: 'OpenWrt 23.05.3',
    osarch: 'x86_64',
  },
  arch: {
    os: 'Arch',
    os_family: 'Arch',
    osfullname: 'Arch Linux',
    osrelease: '',
    oscodename: 'Arch Linux',
    osarch: 'x86_64',
  },
  opensuse: {
    os: 'SUSE',
    os_family: 'Suse',
    osfullname: 'Leap',
    osrelease: '15.6',
    osrelease_info: [15, 6],
    osmajorrelease: 15,
    osfinger: 'Leap-15',
    oscodename: 'openSUSE Leap 15.6',
    osarch: 'x86_64',
  },
  amazon: {
    os: 'Amazon',
    os_family: 'RedHat',
    osfullname: 'Amazon Linux',
    osrelease: '2023',
    osrelease_info: [2023],
    osmajorrelease: 2023,
    osfinger: 'Amazon Linux-2023',
    osarch: 'x86_64',
  },
  almalinux: {
    os: 'AlmaLinux',
    os_family: 'RedHat',
    osfullname: 'AlmaLinux',
    osrelease: '9.4',
    osmajorrelease: 9,
    osfinger: 'AlmaLinux-9',
    oscodename: 'Seafoam Ocelot',
    osarch: 'x86_64',
  },
  rhel: {
    os: 'RedHat',
    os_family: 'RedHat',
    osfullname: 'Red Hat Enterprise Linux',
    osrelease: '8.10',
    osrelease_info: [8, 10],
    osmajorrelease: 8,
    osfinger: 'Red Hat Enterprise Linux-8',
    oscodename: 'Ootpa',
    osarch: 'x86_64',
  },
  sles: {
    os: 'SUSE',
    os_family: 'Suse',
    osfullname: 'SLES',
    osrelease: '15.5',
    osrelease_info: [15, 5],
    osmajorrelease: 15,
    osfinger: 'SLES-15',
    oscodename: 'SUSE Linux Enterprise Server 15 SP5',
    osarch: 'x86_64',
  },
};

test.each(Object.entries(distributions))('%s has the grains that Salt gives it', async (name, expected) => {
  expect(await os.collect(grainSource(distributionRoot(name)))).toMatchObject(expected);
});

test('a distribution without releases has no grain that follows from one', async () => {
  const grains = await os.collect(grainSource(distributionRoot('arch')));
  expect(Object.keys(grains)).not.toEqual(expect.arrayContaining(['osfinger']));
  expect(grains).not.toHaveProperty('osmajorrelease');
});

describe('other distributions', () => {
  const rows: [string, string, Record<string, string>][] = [
    [
      'NAME="Red Hat Enterprise Linux"\nID="rhel"\nVERSION_ID="9.4"\nVERSION="9.4 (Plow)"\nPRETTY_NAME="Red Hat Enterprise Linux 9.4 (Plow)"',
      'RedHat',
      { os_family: 'RedHat', osfinger: 'Red Hat Enterprise Linux-9', oscodename: 'Plow' },
    ],
    [
      'NAME="CentOS Stream"\nID="centos"\nVERSION_ID="9"\nPRETTY_NAME="CentOS Stream 9"',
      'CentOS Stream',
      { os_family: 'RedHat', osfinger: 'CentOS Stream-9' },
    ],
    [
      'NAME="AlmaLinux"\nID="almalinux"\nVERSION_ID="9.4"\nVERSION="9.4 (Seafoam Ocelot)"',
      'AlmaLinux',
      { os_family: 'RedHat', osfinger: 'AlmaLinux-9', oscodename: 'Seafoam Ocelot' },
    ],
    [
      'NAME="Oracle Linux Server"\nID="ol"\nVERSION_ID="9.4"',
      'OEL',
      { os_family: 'RedHat', osfinger: 'Oracle Linux Server-9' },
    ],
    [
      'NAME="Amazon Linux"\nID="amzn"\nVERSION_ID="2023"',
      'Amazon',
      { os_family: 'RedHat', osfinger: 'Amazon Linux-2023' },
    ],
    ['NAME="VMware Photon OS"\nID=photon\nVERSION_ID=5.0', 'VMware Photon OS', { os_family: 'RedHat' }],
    [
      'NAME="SLES"\nID="sles"\nVERSION_ID="15.5"\nCPE_NAME="cpe:/o:suse:sles:15:sp5"',
      'SUSE',
      { os_family: 'Suse', osfullname: 'SLES', osfinger: 'SLES-15', osrelease: '15.5' },
    ],
    [
      'NAME="openSUSE Tumbleweed"\nID="opensuse-tumbleweed"\nVERSION_ID="20240901"\nCPE_NAME="cpe:/o:opensuse:tumbleweed:20240901"',
      'SUSE',
      { os_family: 'Suse', osfinger: 'openSUSE Tumbleweed-20240901' },
    ],
    [
      'NAME="Raspbian GNU/Linux"\nID=raspbian\nID_LIKE=debian\nVERSION_ID="12"',
      'Raspbian',
      { os_family: 'Debian', osfinger: 'Raspbian-12' },
    ],
    [
      'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="21.3"',
      'Mint',
      { os_family: 'Debian', osfinger: 'Linux Mint-21' },
    ],
    [
      'NAME="Pop!_OS"\nID=pop\nID_LIKE="ubuntu debian"\nVERSION_ID="22.04"',
      'Pop',
      { os_family: 'Debian', osfinger: 'Pop!_OS-22.04' },
    ],
    ['NAME="Kali GNU/Linux"\nID=kali\nVERSION_ID="2024.2"', 'Kali', { os_family: 'Debian' }],
    ['NAME="Devuan GNU/Linux"\nID=devuan\nVERSION_ID="5"', 'Devuan', { os_family: 'Debian' }],
    ['NAME="Manjaro Linux"\nID=manjaro\nID_LIKE=arch', 'Manjaro', { os_family: 'Arch' }],
    ['NAME=Gentoo\nID=gentoo\nVERSION_ID="2.15"', 'Gentoo', { os_family: 'Gentoo' }],
    ['NAME="Void"\nID="void"', 'Void', { os_family: 'Void' }],
    ["NAME='Zorin OS'\nID=zorin\nID_LIKE='ubuntu debian'\nVERSION_ID=17", 'Zorin OS', { os_family: 'Debian' }],
    ['NAME=NixOS\nID=nixos\nVERSION_ID="24.05"', 'NixOS', { os_family: 'NixOS' }],
  ];

  test.each(rows)('%s is %s', async (release, name, expected) => {
    const root = await fixtureRoot({ 'etc/os-release': release });
    expect(await os.collect(grainSource(root))).toMatchObject({ os: name, ...expected });
  });

  test('usr/lib/os-release stands in for a missing etc/os-release', async () => {
    const root = await fixtureRoot({ 'usr/lib/os-release': 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n' });
    expect(await os.collect(grainSource(root))).toMatchObject({ osfinger: 'Debian-12' });
  });

  test('debian unstable takes its release from debian_version', async () => {
    const root = await fixtureRoot({
      'etc/os-release': 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_CODENAME=trixie\n',
      'etc/debian_version': 'trixie/sid\n',
    });
    expect(await os.collect(grainSource(root))).toMatchObject({
      osrelease: 'trixie/sid',
      osfinger: 'Debian-trixie/sid',
    });
  });

  test('CentOS 7 takes its minor release from centos-release', async () => {
    const root = await fixtureRoot({
      'etc/os-release': 'NAME="CentOS Linux"\nID="centos"\nVERSION_ID="7"\nPRETTY_NAME="CentOS Linux 7 (Core)"\n',
      'etc/centos-release': 'CentOS Linux release 7.9.2009 (Core)\n',
    });
    const grains = await os.collect(grainSource(root));
    expect(grains).toMatchObject({
      os: 'CentOS',
      osrelease: '7.9.2009',
      osmajorrelease: 7,
      osfinger: 'CentOS Linux-7',
    });
  });

  test('Linux that does not say which is of the family Linux', async () => {
    const root = await fixtureRoot({});
    expect(await os.collect(grainSource(root))).toEqual({ os: 'Linux', os_family: 'Linux', osarch: 'x86_64' });
  });
});

describe('osarch', () => {
  test.each([
    ['debian-12', 'arm64', 'aarch64', 'arm64'],
    ['debian-12', 'arm', 'aarch64', 'armhf'],
    ['debian-12', 'ia32', 'x86_64', 'i386'],
    ['debian-12', 'ppc64', 'ppc64le', 'ppc64el'],
    ['fedora', 'arm64', 'aarch64', 'aarch64'],
    ['rocky', 'ia32', 'x86_64', 'i686'],
    ['openwrt', 'mipsel', 'mips', 'mips'],
  ])('on %s a %s program on a %s kernel is %s', async (name, arch, cpuarch, expected) => {
    const source = grainSource(distributionRoot(name), { platform: fakePlatform({ arch, cpuarch }) });
    expect(await os.collect(source)).toMatchObject({ osarch: expected });
  });
});
