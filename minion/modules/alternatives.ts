import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AbsolutePath, Integer, Text } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import type { ExecResult } from '../lib/exec.ts';
import { fileRoot } from '../lib/file_root.ts';
import { requireSuccess } from '../lib/run_program.ts';

export default defineModule({
  summary: 'See and choose the programs that stand behind generic names.',
  unavailable: ({ root }) =>
    ['usr/bin', 'usr/sbin'].some((folder) => existsSync(join(root, folder, 'update-alternatives')))
      ? undefined
      : 'there is no update-alternatives here',
  functions: {
    display: fn({
      summary: 'Return what update-alternatives says of a name.',
      args: { name: Text },
      examples: ["salt '*' alternatives.display editor"],
      reads: true,
      run: async (context, { name }) => words(await update(context, '--display', name)),
    }),
    show_link: fn({
      summary: 'Return the path of the link of a name, an empty text when there is none.',
      args: { name: Text },
      examples: ["salt '*' alternatives.show_link editor"],
      reads: true,
      run: async (context, { name }) => parseLink((await update(context, '--display', name)).stdout),
    }),
    show_current: fn({
      summary: 'Return the path that is chosen for a name, False when there is none.',
      args: { name: Text },
      examples: ["salt '*' alternatives.show_current editor"],
      reads: true,
      run: (context, { name }) => currentPath(context, name),
    }),
    check_exists: fn({
      summary: 'Return whether a path is one of the choices for a name.',
      args: { name: Text, path: AbsolutePath },
      examples: ["salt '*' alternatives.check_exists editor /bin/nano"],
      reads: true,
      async run(context, { name, path }) {
        const { retcode, stdout } = await update(context, '--display', name);
        return retcode === 0 && stdout.split('\n').some((line) => line.startsWith(`${path} - priority `));
      },
    }),
    check_installed: fn({
      summary: 'Return whether a path is the one that is chosen for a name.',
      args: { name: Text, path: AbsolutePath },
      examples: ["salt '*' alternatives.check_installed editor /bin/nano"],
      reads: true,
      run: async (context, { name, path }) => (await currentPath(context, name)) === path,
    }),
    install: fn({
      summary: 'Add a choice for a name.',
      args: { name: Text, link: AbsolutePath, path: AbsolutePath, priority: Integer },
      returns: 'what update-alternatives wrote.',
      examples: ["salt '*' alternatives.install editor /usr/bin/editor /bin/nano 50"],
      run: (context, { name, link, path, priority }) =>
        change(context, `install ${path}`, '--install', link, name, path, String(priority)),
    }),
    remove: fn({
      summary: 'Take a choice for a name away.',
      args: { name: Text, path: AbsolutePath },
      returns: 'what update-alternatives wrote.',
      examples: ["salt '*' alternatives.remove editor /bin/nano"],
      run: (context, { name, path }) => change(context, `remove ${path}`, '--remove', name, path),
    }),
    auto: fn({
      summary: 'Let the choice of the highest priority stand for a name.',
      args: { name: Text },
      returns: 'what update-alternatives wrote.',
      examples: ["salt '*' alternatives.auto editor"],
      run: (context, { name }) => change(context, `choose for ${name}`, '--auto', name),
    }),
    set: fn({
      summary: 'Choose a path for a name.',
      args: { name: Text, path: AbsolutePath },
      returns: 'what update-alternatives wrote.',
      examples: ["salt '*' alternatives.set editor /bin/nano"],
      run: (context, { name, path }) => change(context, `choose ${path}`, '--set', name, path),
    }),
  },
});

function update(context: MinionContext, ...args: string[]): Promise<ExecResult> {
  return context.exec(['update-alternatives', ...args], { env: { LC_ALL: 'C' } });
}

function words({ stdout, stderr }: ExecResult): string {
  return stdout.trim() || stderr.trim();
}

async function change(context: MinionContext, what: string, ...args: string[]): Promise<string> {
  const result = await update(context, ...args);
  requireSuccess(result, `cannot ${what}`);
  return words(result);
}

/** Debian writes `link editor is /usr/bin/editor`; the line of the name itself comes before those of its slaves. */
function parseLink(text: string): string {
  return /^\s*link \S+ is (.+)$/m.exec(text)?.[1] ?? '';
}

async function currentPath({ root }: MinionContext, name: string): Promise<string | false> {
  return (await fileRoot(root).link(join('/etc/alternatives', name))) ?? false;
}
