import { expect, test } from 'vitest';
import { findPkgProvider } from '../../../../../minion/lib/pkg/find_provider.ts';
import { fakeContext } from '../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../support/fixture_root.ts';

const APT = { 'usr/bin/apt-get': '#!', 'var/lib/dpkg/status': '' };

test.each([
  ['Debian', { ...APT, 'usr/bin/dnf': '#!' }, 'aptpkg'],
  ['RedHat', { ...APT, 'usr/bin/dnf': '#!' }, 'yumpkg'],
  ['RedHat', { 'usr/bin/yum': '#!' }, 'yumpkg'],
  ['Suse', { 'usr/bin/dnf': '#!', 'usr/bin/zypper': '#!' }, 'zypperpkg'],
  ['Alpine', { 'sbin/apk': '#!' }, 'apkpkg'],
  ['OpenWrt', { 'bin/opkg': '#!' }, 'opkg'],
  ['OpenWrt', { 'usr/bin/apk': '#!' }, 'apkpkg'],
  ['Arch', { 'usr/bin/pacman': '#!' }, 'pacmanpkg'],
  ['SomethingElse', APT, 'aptpkg'],
  ['Debian', {}, undefined],
])('on %s with %j it is %s', async (family, files, expected) => {
  const context = fakeContext({ root: await fixtureRoot(files), grains: { os_family: family } });
  expect(findPkgProvider(context)?.name).toBe(expected);
});
