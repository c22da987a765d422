import { describe, expect, test } from 'vitest';
import { parseDnfList, parseVersionLocks } from '../../../../../../minion/lib/pkg/rpm/dnf_output.ts';
import pkg from '../../../../../../minion/modules/pkg.ts';
import { changingExec } from '../../../../../support/changing_exec.ts';
import { type FakeCommand, fakeContext } from '../../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../../support/fixture_root.ts';
import { replay } from '../../../../../support/replay.ts';
import { runFunction } from '../../../../../support/run_function.ts';

const LIST = String.raw`rpm -qa --queryformat %{NAME}\t%{EPOCH}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\n`;
const installed = [
  'bash\t(none)\t4.4.20\t4.el8_6\tx86_64',
  'kernel\t(none)\t4.18.0\t513.el8\tx86_64',
  'kernel\t(none)\t4.18.0\t553.el8_10\tx86_64',
  'glibc\t0\t2.28\t251.el8\tx86_64',
  'glibc\t0\t2.28\t251.el8\ti686',
  'bind-utils\t32\t9.11.36\t14.el8\tx86_64',
  'tzdata\t(none)\t2024a\t1.el8\tnoarch',
];
const rpms = (...lines: string[]) => `${lines.join('\n')}\n`;

async function machine(
  answers: Record<string, FakeCommand> = {},
  { program = 'dnf', after = rpms(...installed), files = {} } = {},
) {
  const root = await fixtureRoot({ [`usr/bin/${program}`]: '#!', ...files });
  const { exec, lines } = changingExec({ [LIST]: rpms(...installed), ...answers }, { [LIST]: after });
  const context = fakeContext({ root, exec, grains: { os_family: 'RedHat', osarch: 'x86_64' } });
  const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);
  return { run, lines };
}

describe('questions', () => {
  test('list_pkgs has epochs, foreign architectures and several versions', async () => {
    expect(await (await machine()).run('list_pkgs')).toEqual({
      bash: '4.4.20-4.el8_6',
      'bind-utils': '32:9.11.36-14.el8',
      glibc: '2.28-251.el8',
      'glibc.i686': '2.28-251.el8',
      kernel: '4.18.0-513.el8,4.18.0-553.el8_10',
      tzdata: '2024a-1.el8',
    });
  });

  test('names are told from architectures', async () => {
    const { run } = await machine();
    expect(await run('parse_arch', ['glibc.i686'])).toEqual({ name: 'glibc', arch: 'i686' });
    expect(await run('parse_arch', ['python3.11'])).toEqual({ name: 'python3.11', arch: null });
    expect(await run('normalize_name', ['glibc.x86_64'])).toBe('glibc');
    expect(await run('normalize_name', ['tzdata.noarch'])).toBe('tzdata');
    expect(await run('normalize_name', ['glibc.i686'])).toBe('glibc.i686');
  });

  test('a table is read over the ends of its lines', async () => {
    const { exec } = replay('pkg/dnf-4.14.0-terminal.txt');
    const { stdout } = await exec(['dnf', '--quiet', 'list', '--showduplicates', '--available']);
    expect(parseDnfList(stdout, 'x86_64')).toEqual({
      demo: ['1.0-1', '1.0-2'],
      'demo-kernel': ['6.1.0-1', '6.1.0-2'],
      'demo-lib': ['1.0-1'],
      'demo-native': ['1.0-1', '1.1~rc1-3.el9_4'],
      'demo-native.i686': ['1.0-1', '1.1~rc1-3.el9_4'],
      'demo-whose-name-is-longer-than-the-column-of-the-table': [
        '1:1.0-1',
        '1:1.2.20240101git0123456789abcdef0123456789abcdef01234567-1',
      ],
    });
  });

  test.each([
    ['dnf', '--available'],
    ['dnf5', '--available'],
    ['yum', 'available'],
  ])('latest_version asks %s for what is %s', async (program, word) => {
    const answers = { [`${program} --quiet list ${word} bash tzdata nope`]: 'bash.x86_64 4.4.20-5.el8 baseos\n' };
    const { run } = await machine(answers, { program });
    expect(await run('latest_version', ['bash', 'tzdata', 'nope'], { refresh: false })).toEqual({
      bash: '4.4.20-5.el8',
      tzdata: '',
      nope: '',
    });
  });

  test('nothing found is no failure, all else is', async () => {
    const { run } = await machine({
      'dnf --quiet list --available nope': { retcode: 1, stderr: 'Error: No matching Packages to list\n' },
      'dnf --quiet list --available bash': { retcode: 1, stderr: "Error: Failed to download metadata for repo 'x'\n" },
      'dnf --quiet --disablerepo=* --enablerepo=epel list --available tzdata': 'tzdata.noarch 2025b-1.el8 epel\n',
      'dnf --quiet list --available tzdata': { retcode: 1, stderr: 'Error: No matching Packages to list\n' },
    });
    expect(await run('latest_version', ['nope'], { refresh: false })).toBe('');
    await expect(run('latest_version', ['bash'], { refresh: false })).rejects.toThrow('Failed to download metadata');
    expect(await run('latest_version', ['tzdata'], { refresh: false, fromrepo: 'epel' })).toBe('2025b-1.el8');
    expect(await run('latest_version', ['tzdata'], { refresh: false, show_installed: true })).toBe('2024a-1.el8');
  });

  test('yum is asked for updates, in its words', async () => {
    const { run } = await machine(
      { 'yum --quiet list updates': 'Updated Packages\nbash.x86_64 4.2.46-35.el7_9 updates\n' },
      { program: 'yum' },
    );
    expect(await run('list_upgrades', [], { refresh: false })).toEqual({ bash: '4.2.46-35.el7_9' });
  });

  test('refresh_db tells by True that there are upgrades', async () => {
    const { run, lines } = await machine({ 'dnf --quiet --assumeyes check-update': { retcode: 100 } });
    expect(await run('refresh_db', [], { failhard: true })).toBe(true);
    expect(lines).toEqual(['dnf --quiet --assumeyes clean expire-cache']);
  });

  test('files, owners and descriptions come from rpm', async () => {
    const format = String.raw`--queryformat %{NAME}\t%{ARCH}\n[\t%{FILENAMES}\n]`;
    const { run } = await machine({
      [`rpm -q ${format} bash nope empty`]: {
        retcode: 1,
        stdout: 'bash\tx86_64\n\t/usr/bin/sh\n\t/usr/bin/bash\npackage nope is not installed\nempty\tnoarch\n',
      },
      'rpm -qf --queryformat %{NAME}\\n /bin/bash': 'bash\n',
      'rpm -qf --queryformat %{NAME}\\n /nope': { retcode: 1, stdout: 'error: file /nope: No such file\n' },
    });
    expect(await run('file_dict', ['bash', 'nope', 'empty'])).toEqual({
      errors: ['package nope is not installed'],
      packages: { bash: ['/usr/bin/bash', '/usr/bin/sh'], empty: [] },
    });
    expect(await run('owner', ['/bin/bash', '/nope'])).toEqual({ '/bin/bash': 'bash', '/nope': '' });
  });

  test('info_installed reads texts of several lines', async () => {
    const values = ['bash', '(none)', '4.4.20', '4.el8_6', 'x86_64', '1700000000', '1600000000', 'builder.example'];
    const more = [
      'Unspecified',
      'bash-4.4.20-4.el8_6.src.rpm',
      '6930068',
      'GPLv3+',
      'Rocky',
      '(none)',
      'https://x',
      'Shell',
    ];
    const record = `package nope is not installed\n${[...values, ...more, 'Two\nlines'].join('\u001f')}\u001e`;
    const root = await fixtureRoot({ 'usr/bin/dnf': '#!' });
    const exec = async () => ({ pid: 1, retcode: 1, stdout: record, stderr: '', timedOut: false });
    const context = fakeContext({ root, exec, grains: { os_family: 'RedHat', osarch: 'x86_64' } });
    expect(await runFunction(context, pkg, 'pkg.info_installed', ['bash'])).toEqual({
      bash: {
        name: 'bash',
        version: '4.4.20',
        release: '4.el8_6',
        architecture: 'x86_64',
        install_date: '2023-11-14T22:13:20Z',
        install_date_time_t: 1_700_000_000,
        build_date: '2020-09-13T12:26:40Z',
        build_date_time_t: 1_600_000_000,
        build_host: 'builder.example',
        group: 'Unspecified',
        source: 'bash-4.4.20-4.el8_6.src.rpm',
        size: '6930068',
        license: 'GPLv3+',
        packager: 'Rocky',
        url: 'https://x',
        summary: 'Shell',
        description: 'Two\nlines',
      },
    });
  });
});

describe('changes', () => {
  const after = rpms(...installed.slice(1), 'bash\t(none)\t4.4.20\t5.el8\tx86_64', 'vim\t2\t8.0\t1\tx86_64');

  test('install says what changed', async () => {
    const { run, lines } = await machine({}, { after });
    expect(await run('install', ['vim'])).toEqual({
      bash: { old: '4.4.20-4.el8_6', new: '4.4.20-5.el8' },
      vim: { old: '', new: '2:8.0-1' },
    });
    expect(lines).toEqual(['dnf --assumeyes install vim']);
  });

  test.each([
    [{ pkgs: [{ vim: '2:8.0-1' }, 'tmux'] }, ['install vim-2:8.0-1 tmux']],
    [{ name: 'bash', version: '4.4.19-1.el8' }, ['downgrade bash-4.4.19-1.el8']],
    [{ pkgs: ['vim', { bash: '4.4.19-1.el8' }] }, ['install vim', 'downgrade bash-4.4.19-1.el8']],
    [{ name: 'bash', reinstall: true }, ['reinstall bash']],
    [{ name: 'glibc.i686', version: '2.28-260' }, ['install glibc-2.28-260.i686']],
    [{ name: 'bash', only_upgrade: true }, ['upgrade bash']],
    [{ name: 'x', fromrepo: 'epel', skip_verify: true }, ['--disablerepo=* --enablerepo=epel --nogpgcheck install x']],
    [
      { name: 'x', enablerepo: 'crb', install_recommends: false },
      ['--enablerepo=crb --setopt=install_weak_deps=False install x'],
    ],
    [{ sources: [{ x: '/tmp/x.rpm' }], downloadonly: true }, ['--downloadonly install /tmp/x.rpm']],
  ])('%j becomes %j', async (kwargs, expected) => {
    const { run, lines } = await machine({}, { after });
    await run('install', [], kwargs);
    expect(lines).toEqual(expected.map((line) => `dnf --assumeyes ${line}`));
  });

  test('a failure is told in the words of dnf', async () => {
    const failure = { retcode: 1, stderr: 'Error: Unable to find a match: nope\n' };
    const { run } = await machine({ 'dnf --assumeyes install nope': failure });
    await expect(run('install', ['nope'])).rejects.toThrow('Unable to find a match: nope');
    await expect(run('install', ['x'], { force_conf_new: true })).rejects.toMatchObject({ code: 'ARGS_INVALID' });
    await expect(run('install', ['--nogpgcheck'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  });

  test('remove, purge and upgrade', async () => {
    const { run, lines } = await machine({}, { after: rpms(...installed.slice(1)) });
    expect(await run('purge', ['bash,nope'])).toEqual({ bash: { old: '4.4.20-4.el8_6', new: '' } });
    await run('upgrade', [], { refresh: false });
    await run('upgrade', [], { refresh: false, pkgs: ['glibc'] });
    expect(lines).toEqual(['dnf --assumeyes remove bash', 'dnf --assumeyes upgrade', 'dnf --assumeyes upgrade glibc']);
  });
});

describe('holds', () => {
  test('yum has the epoch in front', async () => {
    const { stdout } = await replay('pkg/yum-3.4-published.txt').exec(['yum', '--quiet', 'versionlock', 'list']);
    expect(parseVersionLocks(stdout)).toEqual([{ name: 'freetype', full: 'freetype-0:2.8-12.el7' }]);
  });

  test('hold and unhold say what they did', async () => {
    const { run, lines } = await machine({ 'dnf --quiet versionlock list': 'bash-0:4.4.20-4.el8_6.*\n' });
    expect(await run('hold', [], { pkgs: ['bash', 'glibc'] })).toMatchObject({
      bash: { changes: {}, comment: 'Package bash is already set to be held.' },
      glibc: { changes: { old: '', new: 'hold' }, result: true, comment: 'Package glibc is now being held.' },
    });
    expect(await run('unhold', ['bash'])).toMatchObject({ bash: { changes: { old: 'hold', new: '' } } });
    expect(lines).toEqual(['dnf --quiet versionlock add glibc', 'dnf --quiet versionlock delete bash']);
    expect(await run('list_holds', [], { full: false })).toEqual(['bash']);
  });

  test('without the plugin it says which one is missing', async () => {
    const failure = { retcode: 1, stderr: 'No such command: versionlock. Please use /usr/bin/dnf --help\n' };
    const { run } = await machine({ 'dnf --quiet versionlock list': failure });
    await expect(run('list_holds')).rejects.toMatchObject({ hint: 'install python3-dnf-plugin-versionlock' });
  });

  test('what only dpkg and apt know is refused by name', async () => {
    const { run } = await machine();
    await expect(run('get_selections')).rejects.toThrow('dnf keeps no selections of packages: only dpkg does');
    await expect(run('autoremove')).rejects.toMatchObject({ code: 'MODULE_UNAVAILABLE' });
  });
});
