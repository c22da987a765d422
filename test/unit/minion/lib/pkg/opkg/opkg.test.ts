import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import pkg from '../../../../../../minion/modules/pkg.ts';
import { changingExec } from '../../../../../support/changing_exec.ts';
import { type FakeCommand, fakeContext } from '../../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../../support/fixture_root.ts';
import { replay } from '../../../../../support/replay.ts';
import { runFunction } from '../../../../../support/run_function.ts';

const STATUS = `Package: dnsmasq
Version: 2.90-4
Depends: libc, libubus20231128
Conflicts: dnsmasq-dhcpv6, dnsmasq-full
Status: install user,hold installed
Section: net
Architecture: mips_24kc
Conffiles:
 /etc/config/dhcp 5a6d7a5e0f1c
Installed-Time: 1711385342

Package: gone
Version: 1-1
Status: deinstall ok not-installed
Architecture: mips_24kc

Package: base-files
Version: 1562-r24106
Status: install ok installed
Architecture: mips_24kc
Maintainer: OpenWrt team
Description: Base filesystem
 More words
Installed-Time: 1711385000
`;
const DISTFEEDS = `src/gz openwrt_core https://downloads.openwrt.org/releases/23.05.3/targets/ath79/generic/packages
src/gz openwrt_base https://downloads.openwrt.org/releases/23.05.3/packages/mips_24kc/base
# src/gz openwrt_telephony https://downloads.openwrt.org/releases/23.05.3/packages/mips_24kc/telephony
`;

async function machine(answers: Record<string, FakeCommand> = {}) {
  const root = await fixtureRoot({
    'bin/opkg': '#!',
    'usr/lib/opkg/status': STATUS,
    'usr/lib/opkg/info/dnsmasq.list': '/usr/sbin/dnsmasq\n/etc/init.d/dnsmasq\n',
    'etc/opkg.conf': 'dest root /\nlists_dir ext /var/opkg-lists\noption check_signature\n',
    'etc/opkg/distfeeds.conf': DISTFEEDS,
  });
  const { exec, lines } = changingExec(answers);
  const context = fakeContext({ root, exec, grains: { os_family: 'OpenWrt' } });
  const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);
  return { run, lines, read: (path: string) => readFileSync(join(root, path), 'utf8') };
}

describe('questions', () => {
  test.each([
    ['list_pkgs', [], { 'base-files': '1562-r24106', dnsmasq: '2.90-4' }],
    ['file_dict', ['dnsmasq'], { errors: [], packages: { dnsmasq: ['/etc/init.d/dnsmasq', '/usr/sbin/dnsmasq'] } }],
    ['version_cmp', ['2.90-4', '2.90-10'], -1],
    ['list_holds', [], ['dnsmasq']],
  ])('%s %j', async (fun, args, expected) => {
    expect(await (await machine()).run(fun, args)).toEqual(expected);
  });

  test('what opkg is known to print is understood', async () => {
    const root = await fixtureRoot({ 'bin/opkg': '#!' });
    const { exec, left } = replay('pkg/opkg-published.txt');
    const context = fakeContext({ root, exec, grains: { os_family: 'OpenWrt' } });
    const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
      runFunction(context, pkg, `pkg.${fun}`, args, kwargs);

    expect(await run('refresh_db')).toEqual({
      'https://mirrors.cloud.tencent.com/lede/snapshots/packages/x86_64/base': true,
      'https://mirrors.cloud.tencent.com/lede/releases/18.06.9/packages/x86_64/luci': false,
      'https://downloads.openwrt.org/snapshots/targets/x86/64/packages': false,
      'https://downloads.openwrt.org/snapshots/targets/x86/64/kmods/6.6.58-1-8f903d7c52741715eeb0f4f229224054': true,
    });
    expect(await run('list_upgrades', [], { refresh: false })).toEqual({
      iwinfo: '2023-02-06-c7eb8ebe-1',
      'openssh-sftp-server': '9.2p1-1',
    });
    expect(await run('list_repo_pkgs', ['ntpd', 'kernel', 'nope'])).toEqual({
      ntpd: ['4.2.8p13-1.36'],
      kernel: ['5.15.150-1-0603ef37b358fabb1f132a4507e3b82b'],
    });
    expect(await run('owner', ['*top*', '/nope'])).toEqual({ '*top*': 'git', '/nope': '' });
    await expect(run('install', ['luci-app-ttyd'])).rejects.toThrow('Cannot install package luci-app-ttyd.');
    expect(left()).toEqual([]);
  });

  // Two paragraphs of OpenWrt's snapshot of July 2024, https://github.com/openwrt/rpcd/issues/6, of a machine that had
  // one of the packages removed, and one of 23.05, https://github.com/openwrt/openwrt/issues/15971.
  test('a status file that a machine really had is understood', async () => {
    const status = readFileSync(
      new URL('../../../../../fixtures/pkg/opkg-status-published.txt', import.meta.url),
      'utf8',
    );
    const root = await fixtureRoot({ 'bin/opkg': '#!', 'usr/lib/opkg/status': status });
    const context = fakeContext({ root, grains: { os_family: 'OpenWrt' } });
    expect(await runFunction(context, pkg, 'pkg.list_pkgs', [])).toEqual({
      kernel: '5.15.150-1-0603ef37b358fabb1f132a4507e3b82b',
      'libustream-mbedtls20201210': '2024.04.19~524a76e5-r1',
    });
    expect(await runFunction(context, pkg, 'pkg.version', ['libustream-openssl20201210'])).toBe('');
  });

  test('info_installed reads the status file', async () => {
    expect(await (await machine()).run('info_installed', ['base-files'])).toEqual({
      'base-files': {
        name: 'base-files',
        version: '1562-r24106',
        architecture: 'mips_24kc',
        packager: 'OpenWrt team',
        summary: 'Base filesystem',
        description: 'Base filesystem\nMore words',
        install_date: '2024-03-25T16:43:20Z',
        install_date_time_t: 1_711_385_000,
      },
    });
  });
});

describe('changes', () => {
  test.each([
    ['install', { name: 'tmux' }, ['install tmux']],
    ['install', { name: 'dnsmasq', version: '2.80-1' }, ['install --force-downgrade dnsmasq=2.80-1']],
    ['install', { name: 'dnsmasq', only_upgrade: true }, ['upgrade dnsmasq']],
    [
      'install',
      { name: 'dnsmasq', reinstall: true, downloadonly: true, install_recommends: false },
      ['install --force-reinstall --download-only --no-install-recommends dnsmasq'],
    ],
    ['install', { sources: [{ x: '/tmp/x.ipk' }] }, ['install /tmp/x.ipk']],
    ['remove', { pkgs: ['dnsmasq', 'gone'] }, ['remove dnsmasq']],
    ['upgrade', { refresh: false }, ['upgrade dnsmasq']],
    ['upgrade', { refresh: false, name: 'base-files' }, ['upgrade base-files']],
    ['unhold', { name: 'dnsmasq' }, ['flag ok dnsmasq']],
    ['hold', { name: 'base-files' }, ['flag hold base-files']],
  ])('%s %j', async (fun, kwargs, expected) => {
    const { run, lines } = await machine({ 'opkg list-upgradable': 'dnsmasq - 2.90-4 - 2.90-10\n' });
    await run(fun, [], kwargs);
    expect(lines).toEqual(expected.map((line) => `opkg ${line}`));
  });

  test('failures are told in the words of opkg', async () => {
    const stderr = 'Collected errors:\n * opkg_install_cmd: Cannot install package nope.\n';
    const { run } = await machine({
      'opkg install nope': { retcode: 255, stderr },
      'opkg update': { retcode: 1, stderr: ' * opkg_update: lock is held\n' },
    });
    await expect(run('install', ['nope'])).rejects.toThrow('Cannot install package nope.');
    await expect(run('refresh_db')).rejects.toThrow('lock is held');
  });
});

test('feeds are listed, changed, added and removed', async () => {
  const { run, read } = await machine();
  expect(await run('get_repo', ['openwrt_telephony'])).toEqual({
    file: '/etc/opkg/distfeeds.conf',
    enabled: false,
    name: 'openwrt_telephony',
    uri: 'https://downloads.openwrt.org/releases/23.05.3/packages/mips_24kc/telephony',
    compressed: true,
    options: '',
  });
  expect(Object.keys((await run('list_repos')) as object)).toHaveLength(3);
  await run('mod_repo', ['openwrt_core'], { enabled: false });
  await run('mod_repo', ['openwrt_telephony'], { enabled: true });
  await run('mod_repo', ['own'], { uri: 'http://x/own', compressed: false });
  await run('del_repo', ['openwrt_base'], { refresh: false });
  const [core = '', , telephony = ''] = DISTFEEDS.split('\n');
  expect(read('etc/opkg/distfeeds.conf')).toBe(`# ${core}\n${telephony.slice(2)}\n`);
  expect(read('etc/opkg/customfeeds.conf')).toBe('src own http://x/own\n');
  await expect(run('mod_repo', ['other'])).rejects.toThrow("Repository 'other' not configured and no uri passed");
  await expect(run('mod_repo', ['two words'], { uri: 'http://x' })).rejects.toMatchObject({ code: 'ARGS_INVALID' });
});
