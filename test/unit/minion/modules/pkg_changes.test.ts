import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Exec } from '../../../../minion/lib/exec.ts';
import pkg from '../../../../minion/modules/pkg.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

type Status = Readonly<Record<string, readonly [status: string, version: string]>>;

function statusFile(status: Status): string {
  const paragraphs = Object.entries(status).map(
    ([name, [words, version]]) => `Package: ${name}\nStatus: ${words}\nArchitecture: amd64\nVersion: ${version}\n`,
  );
  return paragraphs.join('\n');
}

const INSTALLED = 'install ok installed';
const before: Status = {
  bash: [INSTALLED, '5.1'],
  htop: ['deinstall ok config-files', '3.2'],
  tmux: [INSTALLED, '3.3'],
};

/** A machine whose package manager does what is said when it is called, and the command lines that it got. */
async function machine(after: Status = before, answers: Parameters<typeof fakeExec>[0] = {}, more = {}) {
  const root = await fixtureRoot({ 'usr/bin/apt-get': '#!', 'var/lib/dpkg/status': statusFile(before), ...more });
  const lines: string[] = [];
  const envs: unknown[] = [];
  const exec: Exec = async (argv, options) => {
    const line = argv.join(' ');
    lines.push(line);
    envs.push(options?.env);
    if (answers[line] !== undefined) return fakeExec(answers)(argv, options);
    await writeFile(join(root, 'var/lib/dpkg/status'), statusFile(after));
    return { pid: 1, retcode: 0, stdout: '', stderr: '', timedOut: false };
  };
  const context = fakeContext({ root, exec });
  const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);
  return { run, lines, envs };
}

const KEEP = '-o DPkg::Options::=--force-confold -o DPkg::Options::=--force-confdef';

describe('install', () => {
  const after: Status = { ...before, bash: [INSTALLED, '5.2'], vim: [INSTALLED, '9'] };

  test('says what changed, dependencies too, and asks nobody anything', async () => {
    const { run, lines, envs } = await machine(after);
    expect(await run('install', ['vim'])).toEqual({ bash: { old: '5.1', new: '5.2' }, vim: { old: '', new: '9' } });
    expect(lines).toEqual([`apt-get -q -y ${KEEP} install -- vim`]);
    expect(envs).toEqual([expect.objectContaining({ DEBIAN_FRONTEND: 'noninteractive' })]);
  });

  test.each([
    [{ name: 'vim,bash' }, `${KEEP} install -- vim bash`],
    [{ name: 'vim', version: '9' }, `${KEEP} --allow-downgrades install -- vim=9`],
    [{ pkgs: ['vim', { bash: '5.2' }] }, `${KEEP} --allow-downgrades install -- vim bash=5.2`],
    [{ name: 'vim', fromrepo: 'sid', skip_verify: true }, `${KEEP} --allow-unauthenticated -t sid install -- vim`],
    [{ name: 'vim', downloadonly: true, only_upgrade: true }, `${KEEP} --download-only --only-upgrade install -- vim`],
    [{ name: 'vim', install_recommends: false }, `${KEEP} --no-install-recommends install -- vim`],
    [{ name: 'vim', force_conf_new: true }, '-o DPkg::Options::=--force-confnew install -- vim'],
    [{ sources: [{ foo: '/tmp/foo.deb' }] }, `${KEEP} install -- /tmp/foo.deb`],
  ])('%j becomes apt-get %s', async (kwargs, expected) => {
    const { run, lines } = await machine(after);
    await run('install', [], kwargs);
    expect(lines).toEqual([`apt-get -q -y ${expected}`]);
  });

  test('a condition becomes the newest version that meets it', async () => {
    const shown = 'Package: vim\nVersion: 9.1\n\nPackage: vim\nVersion: 9.0\n\nPackage: vim\nVersion: 8.2\n';
    const { run, lines } = await machine(after, { 'apt-cache -q show -- vim': shown });
    await run('install', ['vim'], { version: '>=8,<9.1' });
    expect(lines.at(-1)).toBe(`apt-get -q -y ${KEEP} --allow-downgrades install -- vim=9.0`);
    await expect(run('install', ['vim'], { version: '>10' })).rejects.toMatchObject({
      message: 'no version of vim in the repositories is >10',
      hint: 'it has 9.1, 9.0, 8.2',
    });
  });

  test('what is installed again counts as changed', async () => {
    const { run } = await machine(before);
    expect(await run('install', ['tmux'], { reinstall: true })).toEqual({ tmux: { old: '3.3', new: '3.3' } });
  });

  test('refresh and the answers for debconf come first', async () => {
    const { run, lines } = await machine(after);
    await run('install', ['vim'], { refresh: true, debconf: '/tmp/answers' });
    expect(lines.slice(0, 2)).toEqual(['apt-get -q update', 'debconf-set-selections /tmp/answers']);
  });

  test('where systemd runs, apt gets a control group of its own', async () => {
    const { run, lines } = await machine(after, {}, { 'run/systemd/system/': '' });
    await run('install', ['vim']);
    expect(lines).toEqual([`systemd-run --scope --quiet -- apt-get -q -y ${KEEP} install -- vim`]);
  });

  test('what apt says when it fails is what the operator reads', async () => {
    const stderr = 'Reading...\nE: Unable to locate package nope\n';
    const { run } = await machine(before, { [`apt-get -q -y ${KEEP} install -- nope`]: { retcode: 100, stderr } });
    await expect(run('install', ['nope'])).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: 'problem encountered installing package(s): E: Unable to locate package nope',
    });
  });

  test('with nothing to install it is refused', async () => {
    await expect((await machine()).run('install')).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  });
});

describe('what is held', () => {
  const held = { 'var/lib/dpkg/status': statusFile({ ...before, bash: ['hold ok installed', '5.1'] }) };
  const install = `apt-get -q -y ${KEEP} install -- bash vim`;

  test('is let go for as long as it is installed by name', async () => {
    const { run, lines } = await machine(before, {}, held);
    await run('install', ['bash,vim']);
    expect(lines).toEqual(['apt-mark unhold -- bash', install, 'apt-mark hold -- bash']);
  });

  test('is held again when that fails', async () => {
    const { run, lines } = await machine(before, { [install]: { retcode: 100, stderr: 'E: no\n' } }, held);
    await expect(run('install', ['bash,vim'])).rejects.toThrow('E: no');
    expect(lines.at(-1)).toBe('apt-mark hold -- bash');
  });
});

describe('remove and purge', () => {
  const removed: Status = { ...before, tmux: ['deinstall ok config-files', '3.3'] };
  const purged: Status = { bash: [INSTALLED, '5.1'] };

  test('remove asks apt only for what is there', async () => {
    const { run, lines } = await machine(removed);
    expect(await run('remove', ['tmux,htop,nope'])).toEqual({ tmux: { old: '3.3', new: '' } });
    expect(lines).toEqual(['apt-get -q -y remove -- tmux']);
  });

  test('a glob stands for what is there of it', async () => {
    const { run, lines } = await machine(removed);
    expect(await run('remove', ['t*'])).toEqual({ tmux: { old: '3.3', new: '' } });
    await run('purge', [], { pkgs: ['*t*', 'tmux'] });
    expect(lines).toEqual(['apt-get -q -y remove -- tmux', 'apt-get -q -y purge -- htop tmux']);
  });

  test('with nothing there to remove apt is not called', async () => {
    const { run, lines } = await machine();
    expect(await run('remove', [], { pkgs: ['nope'] })).toEqual({});
    expect(lines).toEqual([]);
  });

  test('purge also takes what was removed before', async () => {
    const { run, lines } = await machine(purged);
    expect(await run('purge', ['tmux,htop'])).toEqual({
      installed: { tmux: { old: '3.3', new: '' } },
      removed: { htop: { old: '3.2', new: '' } },
    });
    expect(lines).toEqual(['apt-get -q -y purge -- tmux htop']);
  });

  test('autoremove lists or removes what is no longer needed', async () => {
    const { run, lines } = await machine(purged, {
      'apt-get --just-print autoremove': 'Remv tmux [3.3]\nRemv a [1]\n',
    });
    expect(await run('autoremove', [true])).toEqual(['a', 'tmux']);
    expect(await run('autoremove', [], { purge: true })).toEqual({ tmux: { old: '3.3', new: '' } });
    expect(lines.at(-1)).toBe('apt-get -q -y --purge autoremove');
  });
});

test('upgrade says what changed', async () => {
  const { run, lines } = await machine({ ...before, bash: [INSTALLED, '5.2'] });
  expect(await run('upgrade', [], { refresh: false, dist_upgrade: true })).toEqual({
    bash: { old: '5.1', new: '5.2' },
  });
  expect(lines).toEqual([`apt-get -q -y ${KEEP} dist-upgrade`]);
});

describe('hold and unhold', () => {
  const held: Status = { ...before, tmux: ['hold ok installed', '3.3'] };

  test('hold says what it did, what was so already, and what is not known', async () => {
    const { run, lines } = await machine(held);
    expect(await run('hold', [], { pkgs: ['tmux', 'nope'] })).toEqual({
      tmux: {
        name: 'tmux',
        changes: { old: 'install', new: 'hold' },
        result: true,
        comment: 'Package tmux is now being held.',
      },
      nope: { name: 'nope', changes: {}, result: false, comment: 'Package nope does not have a state.' },
    });
    expect(await run('hold', ['tmux'])).toMatchObject({
      tmux: { changes: {}, result: true, comment: 'Package tmux is already set to be held.' },
    });
    expect(lines).toEqual(['apt-mark hold -- tmux']);
  });

  test('unhold lets go', async () => {
    const { run, lines } = await machine(held);
    expect(await run('unhold', ['tmux'])).toMatchObject({
      tmux: { changes: {}, comment: 'Package tmux is already set not to be held.' },
    });
    await run('hold', ['tmux']);
    expect(await run('unhold', [], { sources: [{ tmux: '/tmp/tmux.deb' }] })).toMatchObject({
      tmux: { changes: { old: 'hold', new: 'install' }, comment: 'Package tmux is no longer being held.' },
    });
    expect(lines.at(-1)).toBe('apt-mark unhold -- tmux');
  });
});
