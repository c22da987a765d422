import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGitHome, type GitHome } from '../../../../support/git_home.ts';

let at: GitHome;
beforeEach(async () => {
  at = await createGitHome();
});
afterEach(() => at.remove());

/** main and topic part after the first commit. */
async function twoBranches() {
  const first = await at.commit('a', 'first');
  await at.call('branch', [at.repo, 'topic']);
  const onMain = await at.commit('b', 'second');
  await at.call('checkout', [at.repo, 'topic']);
  const onTopic = await at.commit('c', 'third');
  return { first, onMain, onTopic };
}

test('branches parted at a commit', async () => {
  const { call, repo } = at;
  const { first, onMain, onTopic } = await twoBranches();
  const base = (refs: unknown, kwargs = {}) => call('merge_base', [repo, refs], kwargs);
  expect(await base('main,topic')).toBe(first);
  expect(await base(['main', 'topic'], { all: true })).toEqual([first]);
  expect(await base('main,topic,HEAD', { octopus: true })).toBe(first);
  expect(await base([first, 'main'], { is_ancestor: true })).toBe(true);
  expect(await base(['main', 'topic'], { is_ancestor: true })).toBe(false);
  expect(await base([first, 'main', 'topic'], { independent: true })).toEqual([onMain, onTopic]);
  expect(await call('merge_base', [repo], { fork_point: 'main' })).toBe(first);
  await call('checkout', [repo], { opts: '--orphan other' });
  await at.commit('d', 'fourth');
  expect(await base('other,main')).toBeNull();
  expect(await base('other,main', { all: true })).toEqual([]);
  await expect(base('nowhere,main')).rejects.toThrow('git merge-base failed with status 128');
});

test.each([
  ['a,b', { octopus: true, independent: true }, 'only one of octopus, independent, is_ancestor and fork_point'],
  ['a,b', { is_ancestor: true, all: true }, 'all: goes neither with'],
  ['a', { is_ancestor: true }, 'refs: must be two commits with is_ancestor'],
  ['a,b', { fork_point: 'main' }, 'refs: must be one commit at most'],
  ['', {}, 'refs: must name commits'],
  ['a,--all', {}, 'refs: must not be empty, begin with a dash'],
])('merge_base of %j with %j is refused', async (refs, kwargs, why) => {
  await expect(at.call('merge_base', [at.repo, refs], kwargs)).rejects.toThrow(why);
});

test('a merge is looked at before it is made', async () => {
  const { call, repo } = at;
  const { first } = await twoBranches();
  const text = await call('merge_tree', [repo, 'main', 'topic']);
  expect(text).toContain('added in remote');
  expect(text).toContain('+third');
  expect(await call('merge_tree', [repo, 'main', 'topic', first])).toBe(text);
});

test('a rebase puts the branch upon another', async () => {
  const { call, repo } = at;
  const { onMain } = await twoBranches();
  await call('rebase', [repo, 'main']);
  expect(await call('revision', [repo, 'HEAD~1'])).toBe(onMain);
  await call('checkout', [repo, 'main']);
  await call('rebase', [repo, 'main topic']);
  expect(await call('current_branch', [repo])).toBe('topic');
  await expect(call('rebase', [repo, 'main'], { opts: '-i' })).rejects.toThrow('a rebase cannot be interactive');
  await expect(call('rebase', [repo, '--exec=x'])).rejects.toThrow('rev: must be names of branches or commits');
  await expect(call('rebase', [repo, 'nowhere'])).rejects.toThrow('git rebase failed');
});
