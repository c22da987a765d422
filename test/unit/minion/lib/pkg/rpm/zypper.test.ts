import { describe, expect, test } from 'vitest';
import { parseZypperRefresh } from '../../../../../../minion/lib/pkg/rpm/zypper_output.ts';
import pkg from '../../../../../../minion/modules/pkg.ts';
import { changingExec } from '../../../../../support/changing_exec.ts';
import { type FakeCommand, fakeContext } from '../../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../../support/fixture_root.ts';
import { runFunction } from '../../../../../support/run_function.ts';

const LIST = String.raw`rpm -qa --queryformat %{NAME}\t%{EPOCH}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\n`;
const INSTALLED =
  'vim\t(none)\t9.0\t150500.1\tx86_64\nbash\t(none)\t4.4\t150400.25\tx86_64\ngpg-pubkey\t(none)\t39db7c82\t5f68629b\t(none)\n';
const ZYPPER = 'zypper --non-interactive --no-refresh';

const INFO = `Loading repository data...
Reading installed packages...


Information for package bash:
-----------------------------
Repository     : Update repository with updates from SUSE
Name           : bash
Version        : 4.4-150400.27.3.1
Arch           : x86_64
Vendor         : SUSE LLC <https://www.suse.com/>
Installed      : Yes (automatically)
Status         : out-of-date (version 4.4-150400.25 installed)
Summary        : The GNU Bourne-Again Shell
Description    :
    Name           : is no field here

package 'nope' not found.
`;
const SEARCH = `<?xml version='1.0'?>
<stream>
<search-result version="0.0">
<solvable-list>
<solvable status="installed" name="bash" kind="package" edition="4.4-150400.25" arch="x86_64" repository="(System Packages)"/>
<solvable status="other-version" name="bash" kind="package" edition="4.4-150400.25" arch="x86_64" repository="Main &amp; more"/>
<solvable status="other-version" name="bash" kind="package" edition="4.4-150400.27.3.1" arch="x86_64" repository="Updates"/>
</solvable-list>
</search-result>
</stream>
`;
const UPDATES = `<stream>
<update-status version="0.6">
<update-list>
<update name="bash" edition="4.4-150400.27.3.1" arch="x86_64" kind="package" edition-old="4.4-150400.25" ><summary>Shell</summary></update>
<update name="SUSE-2024-1" edition="1" arch="noarch" kind="patch"><summary>Fix</summary></update>
</update-list>
</update-status>
</stream>
`;

async function machine(answers: Record<string, FakeCommand> = {}, after = INSTALLED, files = {}) {
  const root = await fixtureRoot({ 'usr/bin/zypper': '#!', ...files });
  const { exec, lines } = changingExec({ [LIST]: INSTALLED, ...answers }, { [LIST]: after });
  const context = fakeContext({ root, exec, grains: { os_family: 'Suse', osarch: 'x86_64' } });
  const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);
  return { run, lines };
}

describe('questions', () => {
  test.each([
    ['list_pkgs', [], {}, { bash: '4.4-150400.25', vim: '9.0-150500.1' }],
    ['latest_version', ['bash', 'nope'], { refresh: false }, { bash: '4.4-150400.27.3.1', nope: '' }],
    ['list_upgrades', [], { refresh: false }, { bash: '4.4-150400.27.3.1' }],
    ['list_repo_pkgs', ['bash'], {}, { bash: ['4.4-150400.27.3.1', '4.4-150400.25'] }],
    ['version_cmp', ['4.4-150400.25', '4.4-150400.27.3.1'], {}, -1],
  ])('%s %j', async (fun, args, kwargs, expected) => {
    const { run } = await machine({
      [`${ZYPPER} info -- bash nope`]: { retcode: 104, stdout: INFO },
      [`${ZYPPER} --xmlout list-updates`]: { retcode: 106, stdout: UPDATES },
      [`${ZYPPER} --xmlout search --details --match-exact --type=package -- bash`]: SEARCH,
    });
    expect(await run(fun, args, kwargs)).toEqual(expected);
  });

  test('what zypper cannot answer is a failure', async () => {
    const stderr = 'System management is locked by the application with pid 7 (zypper).\n';
    const { run } = await machine({ [`${ZYPPER} --xmlout list-updates`]: { retcode: 7, stderr } });
    await expect(run('list_upgrades', [], { refresh: false })).rejects.toThrow('System management is locked');
  });

  test('refresh_db tells fetched from current from failed', () => {
    const text = `Repository 'Main Repository' is up to date.
Retrieving repository 'Updates' metadata [...done]
Building repository 'Updates' cache [....done]
Retrieving repository 'Broken' metadata [..error]
Skipping repository 'Broken' because of the above error.
Some of the repositories have not been refreshed because of an error.
`;
    expect(parseZypperRefresh(text)).toEqual({ 'Main Repository': null, Updates: true, Broken: false });
  });

  test('a refresh that fails for all is a failure', async () => {
    const failure = { retcode: 6, stderr: 'Warning: There are no enabled repositories defined.\n' };
    const { run } = await machine({ 'zypper --non-interactive refresh': failure });
    await expect(run('refresh_db')).rejects.toThrow('no enabled repositories');
  });
});

describe('changes', () => {
  test.each([
    [{ name: 'tmux' }, 'install --name --auto-agree-with-licenses -- tmux'],
    [{ name: 'bash', version: '4.3' }, 'install --name --auto-agree-with-licenses --oldpackage -- bash=4.3'],
    [{ name: 'bash', only_upgrade: true }, 'update --auto-agree-with-licenses -- bash'],
    [{ name: 'x', fromrepo: 'r', reinstall: true }, 'install --name --auto-agree-with-licenses --force --from=r -- x'],
    [
      { sources: [{ x: '/tmp/x.rpm' }], skip_verify: true },
      '--no-gpg-checks install --auto-agree-with-licenses --allow-unsigned-rpm -- /tmp/x.rpm',
    ],
    [
      { name: 'x', downloadonly: true, install_recommends: false },
      'install --name --auto-agree-with-licenses --download-only --no-recommends -- x',
    ],
  ])('%j becomes %s', async (kwargs, expected) => {
    const { run, lines } = await machine();
    await run('install', [], kwargs);
    expect(lines).toEqual([`${ZYPPER} ${expected}`]);
  });

  test('that a reboot is needed is no failure', async () => {
    const { run } = await machine({
      [`${ZYPPER} install --name --auto-agree-with-licenses -- kernel`]: { retcode: 102 },
      [`${ZYPPER} install --name --auto-agree-with-licenses -- nope`]: {
        retcode: 104,
        stdout: "No provider of 'nope' found.\n",
      },
    });
    expect(await run('install', ['kernel'])).toEqual({});
    await expect(run('install', ['nope'])).rejects.toThrow("No provider of 'nope' found.");
  });

  test('remove and upgrade', async () => {
    const { run, lines } = await machine({}, INSTALLED.replace(/^bash.*\n/m, ''));
    expect(await run('remove', ['bash'])).toEqual({ bash: { old: '4.4-150400.25', new: '' } });
    await run('upgrade', [], { refresh: false, dist_upgrade: true });
    expect(lines).toEqual([`${ZYPPER} remove -- bash`, `${ZYPPER} dist-upgrade --auto-agree-with-licenses`]);
  });
});

test('holds are the locks of packages', async () => {
  const locks = `
type: package
match_type: glob
case_sensitive: on
solvable_name: bash

type: patch
solvable_name: SUSE-1

type: package
match_type: glob
case_sensitive: on
solvable_name: vim
`;
  const { run, lines } = await machine({}, INSTALLED, { 'etc/zypp/locks': locks });
  expect(await run('list_holds')).toEqual(['bash', 'vim']);
  expect(await run('unhold', ['vim'])).toMatchObject({ vim: { changes: { old: 'hold', new: '' } } });
  expect(await run('hold', ['nope'])).toMatchObject({ nope: { result: false } });
  expect(lines).toEqual(['zypper --non-interactive removelock -- vim']);
});
