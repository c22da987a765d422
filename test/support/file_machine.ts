import { mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createExec } from '../../minion/lib/exec.ts';
import file from '../../minion/modules/file.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { type FakeContext, fakeContext } from './fake_context.ts';
import { runFunction } from './run_function.ts';

/** A machine with an empty work directory, on which the functions of `file` are called. */
export interface FileMachine {
  readonly context: FakeContext;
  /** The work directory. */
  readonly dir: string;
  /** Calls `file.<fun>`. */
  call(fun: string, args?: readonly unknown[], kwargs?: Record<string, unknown>): Promise<unknown>;
  /** Makes a file in the work directory and gives its path. */
  make(name: string, content?: string): Promise<string>;
  remove(): Promise<void>;
}

/** Its users are `me`, who runs the test, and `ada` (4711); its group is `crew` (4712). */
export async function fileMachine(): Promise<FileMachine> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'brine-file-')));
  const dir = join(root, 'work');
  await mkdir(dir);
  await mkdir(join(root, 'etc'));
  const me = `me:x:${process.geteuid?.()}:0::/home/me:/bin/sh`;
  await writeFile(join(root, 'etc/passwd'), `${me}\nada:x:4711:4712::/home/ada:/bin/sh\n`);
  await writeFile(join(root, 'etc/group'), 'crew:x:4712:ada\n');
  const exec = createExec({ env: process.env, log: silentLogger, clock: systemClock });
  const config = { cachedir: join(root, 'cache') };
  const context = fakeContext({ root, exec, config, grains: { path: process.env.PATH } });
  return {
    context,
    dir,
    call: (fun, args = [], kwargs = {}) => runFunction(context, file, `file.${fun}`, args, kwargs),
    async make(name, content = '') {
      await writeFile(join(dir, name), content);
      return join(dir, name);
    },
    remove: () => rm(root, { recursive: true }),
  };
}

export const textOf = (path: string): Promise<string> => readFile(path, 'utf8');

/** The permissions of what a path leads to. */
export const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o7777;
