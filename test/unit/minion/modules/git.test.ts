import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGitHome, type GitHome } from '../../../support/git_home.ts';

let at: GitHome;
let home: string;
let repo: string;
beforeEach(async () => {
  at = await createGitHome();
  ({ home, repo } = at);
});
afterEach(() => at.remove());

const call = (fun: string, args: readonly unknown[] = [], kwargs = {}) => at.call(fun, args, kwargs);
const write = (name: string, text: string) => at.write(name, text);
const commit = (name: string, message: string) => at.commit(name, message);

test('a repository is made, filled, and told about', async () => {
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
  const elsewhere = { push_url: '/there' };
  expect(await call('remote_set', [copy, '/elsewhere', 'spare'], elsewhere)).toEqual({
    fetch: '/elsewhere',
    push: '/there',
  });
  expect(await call('remote_set', [copy, '/back', 'spare'])).toEqual({ fetch: '/back', push: '/back' });
  expect(await call('remote_get', [copy, 'nobody'])).toBeNull();
  await call('tag', [repo, 'v1']);
  const head = await call('revision', [repo]);
  expect(await call('remote_refs', [repo], { tags: true })).toEqual({ 'refs/tags/v1': head });
  expect(await call('remote_refs', [repo], { heads: true, filter: 'main' })).toEqual({ 'refs/heads/main': head });
});

test('settings are read, set and taken away', async () => {
  expect(await call('config_get', ['user.name'], { cwd: repo })).toBe('Ann O. Nymous');
  expect(await call('config_unset', ['user.name'], { cwd: repo })).toBe(true);
  expect(await call('config_get', ['user.name'], { cwd: repo })).toBeNull();
  expect(await call('config_get', ['user.name'], { cwd: repo, default: 'nobody' })).toBe('nobody');
});

test('a setting may have several values, of which one can be taken away', async () => {
  const there = { cwd: repo };
  expect(await call('config_set', ['foo.bar'], { ...there, multivar: 'one,two' })).toEqual(['one', 'two']);
  expect(await call('config_set', ['foo.bar', '-x'], { ...there, add: true })).toEqual(['one', 'two', '-x']);
  expect(await call('config_get', ['foo.bar'], { ...there, all: true })).toEqual(['one', 'two', '-x']);
  const matching = (key: string, value?: string) => call('config_get_regexp', [key, value], there);
  expect(await matching('^foo\\.')).toEqual({ 'foo.bar': ['one', 'two', '-x'] });
  expect(await matching('^(foo|user)\\.', '^[ot]|Ann O')).toEqual({
    'user.name': ['Ann O. Nymous'],
    'foo.bar': ['one', 'two'],
  });
  expect(await matching('^nothing')).toEqual({});
  await expect(call('config_unset', ['foo.bar'], there)).rejects.toThrow('foo.bar has several values');
  await expect(call('config_unset', ['foo.bar', 'z'], there)).rejects.toThrow('foo.bar has no such value');
  expect(await call('config_unset', ['foo.bar', '^two$'], there)).toBe(true);
  expect(await call('config_unset', ['foo.bar'], { ...there, all: true })).toBe(true);
  expect(await call('config_get', ['foo.bar'], there)).toBeNull();
  await expect(call('config_set', ['foo.bar'], there)).rejects.toThrow('value or multivar: there is nothing to set');
  await expect(call('config_set', ['foo.bar', 'x'], { multivar: 'y' })).rejects.toThrow(
    'only one of value and multivar',
  );
});

test('an archive has the files below a prefix; changes that are not committed can be discarded', async () => {
  await commit('a', 'first');
  write('a', 'changed');
  await call('discard_local_changes', [repo, 'a']);
  expect(await call('status', [repo])).toEqual({});
  const tar = join(home, 'a.tar');
  expect(await call('archive', [repo, tar])).toBe(true);
  expect(await call('archive', [repo, join(home, 'flat')], { prefix: '', format: 'tar' })).toBe(true);
  const nameIn = (path: string) =>
    readFileSync(path)
      .toString('latin1')
      .match(/\0((?:repo\/)?a)\0/)?.[1];
  expect([nameIn(tar), nameIn(join(home, 'flat'))]).toEqual(['repo/a', 'a']);
});

test('a symbolic name stands for a branch', async () => {
  await commit('a', 'first');
  expect(await call('symbolic_ref', [repo, 'HEAD'])).toBe('refs/heads/main');
  await call('symbolic_ref', [repo, 'NEXT', 'refs/heads/main']);
  expect(await call('revision', [repo, 'NEXT'])).toBe(await call('revision', [repo]));
  await expect(call('symbolic_ref', [repo, 'NEXT', 'x'], { opts: '-d' })).rejects.toThrow('value: cannot be given');
  await call('symbolic_ref', [repo, 'NEXT'], { opts: '-d' });
  await expect(call('revision', [repo, 'NEXT'])).rejects.toThrow('git rev-parse failed');
});

test('differences are looked for in some files, in what was added, or between two files', async () => {
  await commit('a', 'one\n');
  await commit('b', 'one\n');
  write('a', 'two\n');
  write('b', 'two\n');
  expect(await call('diff', [repo], { paths: 'b' })).toMatch(/^diff --git a\/b b\/b\n.*\+two$/s);
  expect(await call('diff', [repo], { cached: true })).toBe('');
  await call('add', [repo, 'a']);
  expect(await call('diff', [repo], { cached: true })).toContain('+two');
  await commit('c', 'three\n');
  expect(await call('diff', [repo], { no_index: true, paths: 'b,c' })).toContain('+three');
  await expect(call('diff', [repo], { no_index: true })).rejects.toThrow('paths: must be two with no_index');
});

test('a repository may lie elsewhere, and be shared', async () => {
  const [work, data] = [join(home, 'work'), join(home, 'data')];
  await call('init', [work], { separate_git_dir: data, shared: true });
  expect(await call('rev_parse', [work], { opts: '--absolute-git-dir' })).toBe(data);
  expect(await call('config_get', ['core.sharedRepository'], { cwd: work })).toBe('1');
  await call('init', [join(home, 'moded')], { shared: 660 });
  expect(await call('config_get', ['core.sharedRepository'], { cwd: join(home, 'moded') })).toBe('0660');
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
