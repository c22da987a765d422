import { describe, expect, test } from 'vitest';
import type { ExecOptions } from '../../../../minion/lib/exec.ts';
import pip from '../../../../minion/modules/pip.ts';
import { type FakeCommand, type FakeContext, fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const PIP = 'python3 -m pip';
const LIST =
  '[{"name": "requests", "version": "2.31.0"}, {"name": "Requests-OAuthlib", "version": "2.0.0"}, {"name": "Foo_Bar", "version": "1.0"}]\n';
const OUTDATED =
  '[{"name": "requests", "version": "2.31.0", "latest_version": "2.32.3", "latest_filetype": "wheel"}, ' +
  '{"name": "Foo_Bar", "version": "1.0", "latest_version": "1.1", "latest_filetype": "sdist"}]\n';
const FREEZE = `# Editable install with no version control (x==1)
-e git+https://git.example/app.git@5d0c3b2#egg=app
requests==2.31.0
wheel @ file:///tmp/wheel-0.43.whl
odd===2024.alpha
`;

function run(context: FakeContext, fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) {
  return runFunction(context, pip, `pip.${fun}`, args, kwargs);
}

function machine(commands: Record<string, FakeCommand>): FakeContext {
  return fakeContext({ exec: fakeExec(commands) });
}

describe('what is installed', () => {
  const commands = {
    [`${PIP} list --format=json`]: LIST,
    [`${PIP} list --outdated --format=json`]: `WARNING: odd\n${OUTDATED}`,
    [`${PIP} freeze --all`]: FREEZE,
    [`${PIP} --version`]: 'pip 24.0 from /usr/lib/python3/dist-packages/pip (python 3.11)\n',
  };

  test.each([
    ['version', [], {}, '24.0'],
    ['list', [], {}, { requests: '2.31.0', 'Requests-OAuthlib': '2.0.0', Foo_Bar: '1.0' }],
    ['list', ['REQ'], {}, { requests: '2.31.0', 'Requests-OAuthlib': '2.0.0' }],
    [
      'list_freeze_parse',
      [],
      {},
      {
        app: 'git+https://git.example/app.git@5d0c3b2',
        requests: '2.31.0',
        wheel: 'file:///tmp/wheel-0.43.whl',
        odd: '2024.alpha',
      },
    ],
    ['freeze', [], {}, FREEZE.trim().split('\n')],
    ['list_upgrades', [], {}, { requests: '2.32.3 [wheel]', Foo_Bar: '1.1 [sdist]' }],
    ['is_installed', ['foo.bar'], {}, true],
    ['is_installed', ['foo'], {}, false],
    ['upgrade_available', ['foo-bar'], {}, true],
    ['upgrade_available', ['requests-oauthlib'], {}, false],
  ])('%s %j', async (fun, args, kwargs, expected) => {
    expect(await run(machine(commands), fun, args, kwargs)).toEqual(expected);
  });

  test('what pip says when it fails is what the operator reads', async () => {
    const failure = { retcode: 1, stderr: '/usr/bin/python3: No module named pip\n' };
    await expect(run(machine({ [`${PIP} list --format=json`]: failure }), 'list')).rejects.toThrow(
      'pip list: /usr/bin/python3: No module named pip',
    );
  });
});

describe('which pip', () => {
  test.each([
    ['/opt/venv', '/opt/venv/bin/python -m pip'],
    ['/opt/python3.11', '/opt/python3.11 -m pip'],
    ['/opt/pip3', '/opt/pip3'],
  ])('bin_env %s is %s', async (binEnv, command) => {
    const root = await fixtureRoot({
      'opt/venv/bin/python': '#!',
      'opt/python3.11': '#!',
      'opt/pip3': '#!',
      'opt/no/': '',
    });
    const exec = fakeExec({ [`${command} list --format=json`]: LIST });
    expect(await run(fakeContext({ root, exec }), 'list', [], { bin_env: binEnv })).toHaveProperty('requests');
  });

  test('a folder without one is refused', async () => {
    const root = await fixtureRoot({ 'opt/no/': '' });
    for (const binEnv of ['/opt/no', '/nope']) {
      await expect(run(fakeContext({ root }), 'freeze', [binEnv])).rejects.toThrow(`there is no pip in ${binEnv}`);
    }
  });

  test('user, folder and environment are handed on', async () => {
    let seen: ExecOptions = {};
    const context = machine({
      [`${PIP} install requests`]: (_argv, options) => {
        seen = options;
        return '';
      },
    });
    await run(context, 'install', ['requests'], { user: 'app', cwd: '/srv', env_vars: { PIP_NO_INPUT: null, N: 1 } });
    expect(seen).toMatchObject({ runas: 'app', cwd: '/srv', env: { N: '1', PIP_NO_INPUT: '' } });
  });
});

describe('changes', () => {
  test.each([
    [{ pkgs: 'requests>=2,<3,urllib3' }, 'install requests>=2,<3 urllib3'],
    [{ pkgs: ['a', 'b==1'], upgrade: true, no_deps: true }, 'install --upgrade --no-deps a b==1'],
    [{ requirements: '/srv/r.txt', no_cache_dir: true }, 'install --no-cache-dir --requirement=/srv/r.txt'],
    [{ pkgs: 'a', global_options: '--quiet', use_vt: true, saltenv: 'dev' }, 'install --global-option=--quiet a'],
    [{ pkgs: 'a', extra_args: ['--isolated', { '--retries': 5 }] }, 'install --isolated --retries 5 a'],
    [{ editable: '/srv/app', pre_releases: true }, 'install --pre --editable=/srv/app'],
    [{ pkgs: 'a', index_url: 'https://x', trusted_host: 'x' }, 'install --index-url=https://x --trusted-host=x a'],
    [{ pkgs: 'a', find_links: '--evil', no_index: true }, 'install --find-links=--evil --no-index a'],
    [
      { pkgs: 'a', download: '/tmp/d', timeout: 5, proxy: 'http://p' },
      'download --dest=/tmp/d --proxy=http://p --timeout=5 a',
    ],
    [
      { pkgs: 'a', target: '/t', no_binary: 'x,y', exists_action: 'i' },
      'install --target=/t --exists-action=i --no-binary=x,y a',
    ],
    [{ pkgs: 'git+https://x/y.git', force_reinstall: true }, 'install --force-reinstall git+https://x/y.git'],
  ])('install %j is pip %s', async (kwargs, line) => {
    const context = machine({ [`${PIP} ${line}`]: { stdout: 'Successfully installed a-1\n', retcode: 0 } });
    expect(await run(context, 'install', [], kwargs)).toEqual({
      pid: 4321,
      retcode: 0,
      stdout: 'Successfully installed a-1',
      stderr: '',
    });
  });

  test('a failed install is a result, and its status is that of the job', async () => {
    const stderr = 'ERROR: No matching distribution found for nope\n';
    const context = machine({ [`${PIP} install nope`]: { retcode: 1, stderr } });
    expect(await run(context, 'install', ['nope'])).toMatchObject({ retcode: 1, stderr: stderr.trim() });
    expect(context.retcodes).toEqual([1]);
  });

  test('uninstall asks nobody', async () => {
    const context = machine({ [`${PIP} uninstall --yes a b`]: 'Successfully uninstalled a-1\n' });
    expect(await run(context, 'uninstall', ['a,b'])).toMatchObject({ retcode: 0 });
  });

  test.each([
    ['install', {}],
    ['uninstall', {}],
    ['install', { pkgs: '--index-url=http://evil' }],
    ['install', { pkgs: ['a', '-r/etc/passwd'] }],
    ['install', { requirements: 'salt://r.txt' }],
    ['install', { pkgs: 'a', exists_action: 'z' }],
    ['list_all_versions', { pkg: '-h' }],
  ])('%s %j is refused', async (fun, kwargs) => {
    const context = machine({ [`${PIP} --version`]: 'pip 24.0 from x (python 3.11)\n' });
    await expect(run(context, fun, [], kwargs)).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  });

  test('upgrade says what changed', async () => {
    let isUpgraded = false;
    const context = machine({
      [`${PIP} list --outdated --format=json`]: OUTDATED,
      [`${PIP} list --format=json`]: () => (isUpgraded ? LIST.replace('2.31.0', '2.32.3') : LIST),
      [`${PIP} install --upgrade requests Foo_Bar`]: () => {
        isUpgraded = true;
        return { retcode: 1, stderr: 'ERROR: Failed building wheel for Foo_Bar\n' };
      },
    });
    expect(await run(context, 'upgrade')).toEqual({
      changes: { requests: { old: '2.31.0', new: '2.32.3' } },
      result: false,
      comment: 'ERROR: Failed building wheel for Foo_Bar',
    });
  });
});

describe('list_all_versions', () => {
  const INDEX = 'requests (2.32.3)\nAvailable versions: 2.32.3, 2.32.0rc1, 2.31.0, 2.0b2, 1.0a1\n  INSTALLED: 2.31.0\n';

  test('gives the oldest first, without what is not asked for', async () => {
    const context = machine({
      [`${PIP} --version`]: 'pip 24.0 from x (python 3.11)\n',
      [`${PIP} index versions requests`]: INDEX,
      [`${PIP} index versions --pre requests`]: INDEX,
      [`${PIP} index versions nope`]: { retcode: 1, stderr: 'ERROR: No matching distribution found for nope\n' },
    });
    expect(await run(context, 'list_all_versions', ['requests'])).toEqual(['2.31.0', '2.32.3']);
    expect(await run(context, 'list_all_versions', ['requests'], { include_beta: true, include_rc: true })).toEqual([
      '2.0b2',
      '2.31.0',
      '2.32.0rc1',
      '2.32.3',
    ]);
    expect(await run(context, 'list_all_versions', ['nope'])).toBeNull();
  });

  test('an old pip tells them when it fails', async () => {
    const stderr =
      'ERROR: Could not find a version that satisfies the requirement a==versions (from versions: 1.0, 1.1)\n';
    const context = machine({
      [`${PIP} --version`]: 'pip 20.3.4 from x (python 3.9)\n',
      [`${PIP} install a==versions`]: { retcode: 1, stderr },
    });
    expect(await run(context, 'list_all_versions', ['a'])).toEqual(['1.0', '1.1']);
  });
});
