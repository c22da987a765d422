import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGitHome, type GitHome } from '../../../../support/git_home.ts';

let at: GitHome;
beforeEach(async () => {
  at = await createGitHome();
});
afterEach(() => at.remove());

test('a worktree is added, listed, removed and forgotten', async () => {
  const { call, repo, home } = at;
  const head = await at.commit('a', 'first');
  const [topic, spare] = [join(home, 'topic'), join(home, 'spare')];
  expect(await call('worktree_add', [repo, '../topic'])).toContain('HEAD is now at');
  await call('tag', [repo, 'v1']);
  await call('worktree_add', [repo, spare], { detach: true, ref: 'v1' });
  const main = { HEAD: head, branch: 'main', detached: false, stale: false };
  const detached = { HEAD: head, branch: null, detached: true, stale: false, tags: ['v1'] };
  const all = { [repo]: main, [topic]: { ...main, branch: 'topic' }, [spare]: detached };
  expect(await call('list_worktrees', [repo])).toEqual(all);
  expect(await call('worktree_rm', [spare])).toBe(true);
  expect(existsSync(spare)).toBe(false);
  const stale = { [spare]: { ...detached, stale: true } };
  expect(await call('list_worktrees', [repo])).toEqual({ [repo]: main, [topic]: { ...main, branch: 'topic' } });
  expect(await call('list_worktrees', [repo], { stale: true })).toEqual(stale);
  expect(await call('list_worktrees', [repo], { all: true })).toEqual({ ...all, ...stale });
  expect(await call('worktree_prune', [repo], { dry_run: true, expire: 'now' })).toContain('Removing worktrees/spare');
  expect(await call('list_worktrees', [repo], { stale: true })).toEqual(stale);
  await call('worktree_prune', [repo], { expire: 'now' });
  expect(await call('list_worktrees', [repo], { stale: true })).toEqual({});
});

test('a branch is made for a worktree, or begins anew', async () => {
  const { call, repo, home } = at;
  const first = await at.commit('a', 'first');
  await at.commit('b', 'second');
  const folder = join(home, 'old');
  await call('worktree_add', [repo, folder], { branch: 'topic', ref: 'HEAD~1' });
  expect(await call('current_branch', [folder])).toBe('topic');
  rmSync(folder, { recursive: true });
  const refused = call('worktree_add', [repo, folder], { branch: 'topic' });
  await expect(refused).rejects.toThrow(/^git worktree failed with status \d+: .*already exists/s);
  await call('worktree_prune', [repo], { expire: 'now' });
  await call('worktree_add', [repo, folder], { branch: 'topic', reset_branch: true, ref: first });
  expect(await call('revision', [folder])).toBe(first);
  const both = call('worktree_add', [repo, join(home, 'x')], { branch: 'x', detach: true });
  await expect(both).rejects.toThrow('detach: goes neither with branch nor with reset_branch');
});

test('only a whole worktree that belongs to a repository elsewhere is removed', async () => {
  const { call, repo, home } = at;
  await at.commit('a', 'first');
  const linked = join(home, 'linked');
  await call('worktree_add', [repo, linked]);
  mkdirSync(join(linked, 'below'));
  const folders = [repo, linked, join(linked, 'below'), home, join(home, 'nowhere')];
  const answers = await Promise.all(folders.map((folder) => call('is_worktree', [folder])));
  expect(answers).toEqual([false, true, true, false, false]);
  for (const folder of [repo, join(linked, 'below'), home]) {
    await expect(call('worktree_rm', [folder])).rejects.toThrow(`${folder} is not a git worktree`);
  }
  await expect(call('worktree_rm', [join(home, 'nowhere')])).rejects.toThrow('nowhere does not exist');
  expect(existsSync(join(linked, 'below')) && existsSync(join(repo, 'a'))).toBe(true);
});
