import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parsePacmanRefresh } from '../../../../../../minion/lib/pkg/pacman/pacman.ts';
import pkg from '../../../../../../minion/modules/pkg.ts';
import { changingExec } from '../../../../../support/changing_exec.ts';
import { type FakeCommand, fakeContext } from '../../../../../support/fake_context.ts';
import { fixtureRoot } from '../../../../../support/fixture_root.ts';
import { runFunction } from '../../../../../support/run_function.ts';

const INSTALLED = 'bash 5.2.026-2\nlinux 6.8.1.arch1-1\nvim 9.1.0151-1\n';
const CONF =
  '[options]\nHoldPkg = pacman glibc\n#IgnorePkg   =\nIgnorePkg = linux lib*\n[core]\nInclude = /etc/pacman.d/mirrorlist\n';

async function machine(answers: Record<string, FakeCommand> = {}, conf = CONF) {
  const root = await fixtureRoot({ 'usr/bin/pacman': '#!', 'etc/pacman.conf': conf });
  const { exec, lines } = changingExec({ 'pacman -Q': INSTALLED, ...answers });
  const context = fakeContext({ root, exec, grains: { os_family: 'Arch', osarch: 'x86_64' } });
  const run = (fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    runFunction(context, pkg, `pkg.${fun}`, args, kwargs);
  return { run, lines, conf: () => readFileSync(join(root, 'etc/pacman.conf'), 'utf8') };
}

describe('questions', () => {
  test('a failure is told and no empty answer', async () => {
    const failure = { retcode: 1, stderr: 'error: failed to initialize alpm library\n' };
    const { run } = await machine({ 'pacman -Qu': failure });
    await expect(run('list_upgrades', [], { refresh: false })).rejects.toThrow('failed to initialize');
  });

  test('pacman 5 says itself what was current', () => {
    const text = ':: Synchronizing package databases...\n core is up to date\n extra downloading...\n';
    expect(parsePacmanRefresh(text)).toEqual({ core: null, extra: true });
  });
});

describe('changes', () => {
  const quiet = '--noprogressbar --noconfirm';

  test.each([
    ['install', { name: 'tmux' }, [`-S ${quiet} --needed -- tmux`]],
    ['install', { name: 'tmux', version: '3.4-1' }, [`-S ${quiet} --needed -- tmux=3.4-1`]],
    ['install', { name: 'vim', reinstall: true, downloadonly: true }, [`-S ${quiet} --downloadonly -- vim`]],
    ['install', { pkgs: ['vim', 'tmux'], only_upgrade: true }, [`-S ${quiet} --needed -- vim`]],
    ['install', { sources: [{ x: '/tmp/x.pkg.tar.zst' }] }, [`-U ${quiet} --needed -- /tmp/x.pkg.tar.zst`]],
    ['remove', { name: 'vim,nope' }, [`-R ${quiet} -- vim`]],
    ['purge', { name: 'vim' }, [`-Rns ${quiet} -- vim`]],
    ['upgrade', {}, [`-Sy ${quiet}`, `-Su ${quiet} --`]],
    ['upgrade', { refresh: false, pkgs: ['vim'] }, [`-S --needed ${quiet} -- vim`]],
  ])('%s %j', async (fun, kwargs, expected) => {
    const { run, lines } = await machine();
    await run(fun, [], kwargs);
    expect(lines).toEqual(expected.map((line) => `pacman ${line}`));
  });

  test('failures are told in the words of pacman', async () => {
    const stderr = 'error: target not found: nope\n';
    const { run } = await machine({ [`pacman -S ${quiet} --needed -- nope`]: { retcode: 1, stderr } });
    await expect(run('install', ['nope'])).rejects.toThrow('error: target not found: nope');
    await expect(run('list_repos')).rejects.toMatchObject({ code: 'MODULE_UNAVAILABLE' });
  });
});

describe('holds are words of IgnorePkg', () => {
  test('hold and unhold edit the line', async () => {
    const { run, conf } = await machine();
    expect(await run('list_holds')).toEqual(['linux', 'lib*']);
    await run('hold', ['bash']);
    await run('unhold', ['linux']);
    expect(conf()).toBe(CONF.replace('linux lib*', 'lib* bash'));
  });

  test('the line comes and goes', async () => {
    const bare = '[options]\nColor\n';
    const { run, conf } = await machine({}, bare);
    await run('hold', ['bash']);
    expect(conf()).toBe('[options]\nIgnorePkg = bash\nColor\n');
    await run('unhold', ['bash']);
    expect(conf()).toBe(bare);
  });

  test('what a pattern holds is not let go by name', async () => {
    const { run } = await machine({}, '[options]\nIgnorePkg = vi*\n');
    await expect(run('unhold', ['vim'])).rejects.toThrow('cannot unhold vim: a pattern of IgnorePkg');
  });
});
