import type { Exec } from '../../minion/lib/exec.ts';
import { type FakeCommand, fakeExec } from './fake_context.ts';

/**
 * An Exec for a package manager: what is in `answers` is answered, each other command is a success after which
 * `answers` are those of `after`. `lines` has the commands that were no questions.
 */
export function changingExec(
  answers: Readonly<Record<string, FakeCommand>>,
  after: Readonly<Record<string, FakeCommand>> = {},
): { readonly exec: Exec; readonly lines: string[] } {
  const lines: string[] = [];
  let current = answers;
  const exec: Exec = async (argv, options) => {
    const line = argv.join(' ');
    if (current[line] !== undefined) return fakeExec(current)(argv, options);
    lines.push(line);
    current = { ...answers, ...after };
    return { pid: 1, retcode: 0, stdout: '', stderr: '', timedOut: false };
  };
  return { exec, lines };
}
