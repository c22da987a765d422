import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createExec } from '../../minion/lib/exec.ts';
import git from '../../minion/modules/git.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { fakeContext } from './fake_context.ts';
import { runFunction } from './run_function.ts';

/** A home in which the real git sees no settings but its own, with a repository on the branch main. */
export async function createGitHome() {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'brine-git-')));
  const repo = join(home, 'repo');
  const env = { PATH: process.env.PATH, HOME: home, GIT_CONFIG_NOSYSTEM: '1' };
  const exec = createExec({ env, log: silentLogger, clock: systemClock, signal: new AbortController().signal });
  const call = (fun: string, args: readonly unknown[] = [], kwargs = {}) =>
    runFunction(fakeContext({ root: '/', exec }), git, `git.${fun}`, args, kwargs);
  const write = (name: string, text: string, folder = repo) => writeFileSync(join(folder, name), text);
  await call('init', [repo], { opts: '--initial-branch=main' });
  await call('config_set', ['user.name', 'Ann O. Nymous'], { cwd: repo });
  await call('config_set', ['user.email', 'ann@example.com'], { cwd: repo });
  return {
    home,
    repo,
    call,
    write,
    /** The id of the commit. */
    async commit(name: string, message: string, folder = repo): Promise<string> {
      write(name, message, folder);
      await call('add', [folder, name]);
      await call('commit', [folder, message]);
      return String(await call('revision', [folder]));
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

export type GitHome = Awaited<ReturnType<typeof createGitHome>>;
