import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createExec } from '../../../../minion/lib/exec.ts';
import git from '../../../../minion/modules/git.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { fakeContext, runFunction } from '../../../support/fake_context.ts';

let home: string;
let repo: string;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'brine-git-'));
  repo = join(home, 'repo');
  await call('init', [repo], { opts: '--initial-branch=main' });
  await call('config_set', ['user.name', 'Ann O. Nymous'], { cwd: repo });
  await call('config_set', ['user.email', 'ann@example.com'], { cwd: repo });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** The real git, which sees no settings but those of the test. */
const call = (fun: string, args: unknown[] = [], kwargs = {}) => {
  const env = { PATH: process.env.PATH, HOME: home, GIT_CONFIG_NOSYSTEM: '1' };
  const signal = new AbortController().signal;
  const exec = createExec({ env, log: silentLogger, clock: systemClock, signal });
  return runFunction(fakeContext({ root: '/', exec }), git, `git.${fun}`, args, kwargs);
};
const write = (name: string, text: string) => writeFileSync(join(repo, name), text);
async function commit(name: string, message: string): Promise<void> {
  write(name, message);
  await call('add', [repo, name]);
  await call('commit', [repo, message]);
}

test('a repository is made, filled, and told about', async () => {
  expect(await call('is_worktree', [repo])).toBe(true);
  expect(await call('is_worktree', [home])).toBe(false);
  expect(await call('current_branch', [repo])).toBe('main');
  write('a file', 'one');
  expect(await call('status', [repo])).toEqual({ untracked: ['a file'] });
  expect(await call('add', [repo, 'a file'])).toBe("add 'a file'");
  expect(await call('status', [repo])).toEqual({ new: ['a file'] });
  expect(await call('commit', [repo, "it's; $(touch x) the first"])).toContain("it's; $(touch x) the first");
  const id = String(await call('revision', [repo]));
  expect(id).toMatch(/^[0-9a-f]{40}$/);
  expect(id.startsWith(String(await call('revision', [repo, 'main'], { short: true })))).toBe(true);
  write('a file', 'two');
  expect(await call('status', [repo])).toEqual({ modified: ['a file'] });
  expect(await call('diff', [repo])).toContain('-one');
  await call('reset', [repo], { opts: '--hard' });
  expect(await call('status', [repo])).toEqual({});
});

test('branches and tags come and go', async () => {
  await commit('a', 'first');
  expect(await call('branch', [repo, 'topic'])).toBe(true);
  await call('checkout', [repo, 'topic']);
  await commit('b', 'second');
  await call('tag', [repo, 'v1'], { message: 'one' });
  expect(await call('list_branches', [repo])).toEqual(['main', 'topic']);
  expect(await call('list_tags', [repo])).toEqual(['v1']);
  expect(await call('describe', [repo])).toBe('v1');
  await call('checkout', [repo, 'main']);
  await call('merge', [repo, 'topic']);
  expect(await call('revision', [repo])).toBe(await call('revision', [repo, 'topic']));
  await call('branch', [repo, 'topic'], { opts: '-d' });
  expect(await call('list_branches', [repo])).toEqual(['main']);
});

test('a clone follows its origin', async () => {
  await commit('a', 'first');
  const copy = join(home, 'copy');
  expect(await call('clone', [copy, repo])).toBe(true);
  expect(await call('remotes', [copy])).toEqual({ origin: { fetch: repo, push: repo } });
  await commit('b', 'second');
  await call('pull', [copy]);
  expect(await call('revision', [copy])).toBe(await call('revision', [repo]));
  expect(await call('ls_remote', [copy])).toMatchObject({ 'refs/heads/main': await call('revision', [repo]) });
  expect(await call('remote_set', [copy, '/elsewhere', 'spare'])).toEqual({ fetch: '/elsewhere', push: '/elsewhere' });
  expect(await call('remote_get', [copy, 'nobody'])).toBeNull();
});

test('settings are read, set and taken away', async () => {
  expect(await call('config_get', ['user.name'], { cwd: repo })).toBe('Ann O. Nymous');
  expect(await call('config_unset', ['user.name'], { cwd: repo })).toBe(true);
  expect(await call('config_get', ['user.name'], { cwd: repo })).toBeNull();
  expect(await call('config_get', ['user.name'], { cwd: repo, default: 'nobody' })).toBe('nobody');
});

test("git's own words say what failed", async () => {
  await expect(call('checkout', [repo, 'nowhere'])).rejects.toThrow(
    /^git checkout failed with status 1: error: pathspec/,
  );
  await expect(call('revision', [home])).rejects.toThrow('not a git repository');
});

test.each([
  ['checkout', ['/repo', '--upload-pack=x'], 'rev: must not be empty, begin with a dash'],
  ['clone', ['/repo', '--upload-pack=touch /tmp/x'], 'url: must not be empty or begin with a dash'],
  ['push', ['/repo', 'origin', '-f'], 'ref: must not be empty, begin with a dash'],
])('git.%s %j: a word is never taken for an option', async (fun, args, why) => {
  await expect(call(fun, args)).rejects.toThrow(why);
});

test('a key for ssh may have no signs that a shell would read', async () => {
  await expect(call('fetch', [repo], { identity: '/root/x; touch y' })).rejects.toThrow('identity: must be a path');
});
