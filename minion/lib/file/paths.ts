import { posix } from 'node:path';
import { Text } from '../../../shared/plugin/args.ts';
import { pyStr } from '../../../shared/python_text.ts';
import { fn, type MinionFunction } from '../../context.ts';

/** Functions that look at the text of a path alone. */
export const pathFunctions: Readonly<Record<string, MinionFunction>> = {
  basename: fn({
    summary: 'Returns the final component of a pathname.',
    args: { path: Text },
    reads: true,
    examples: ["salt '*' file.basename 'test/test.config'"],
    run: (_context, { path }) => path.slice(path.lastIndexOf('/') + 1),
  }),
  dirname: fn({
    summary: 'Returns the directory component of a pathname.',
    args: { path: Text },
    reads: true,
    examples: ["salt '*' file.dirname 'test/path/filename.config'"],
    run: (_context, { path }) => dirname(path),
  }),
  join: fn({
    summary: 'Return a normalized file system path for the underlying OS.',
    args: {},
    varargs: true,
    reads: true,
    examples: ["salt '*' file.join '/' 'usr' 'local' 'bin'"],
    run: (_context, _args, { args }) => joinPaths(args.map(pyStr)),
  }),
  normpath: fn({
    summary: 'Returns path with duplicate slashes and dots removed.',
    args: { path: Text },
    reads: true,
    examples: ["salt '*' file.normpath 'a/b/c/..'"],
    run: (_context, { path }) => normalPath(path),
  }),
  pardir: fn({
    summary: 'Return the relative parent directory path symbol.',
    args: {},
    reads: true,
    examples: ["salt '*' file.pardir"],
    run: () => '..',
  }),
};

/** Without slashes at the end, and `.` for nothing at all. */
export function normalPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/** What stands before the last slash: empty for a bare name, as in Python. */
export function dirname(path: string): string {
  const head = path.slice(0, path.lastIndexOf('/') + 1);
  return /^\/*$/.test(head) ? head : head.replace(/\/+$/, '');
}

/** Python's rule: a part that is absolute makes what came before it void. */
function joinPaths(parts: readonly string[]): string {
  return parts.reduce((path, part) => {
    if (part.startsWith('/') || path === '') return part;
    return path.endsWith('/') ? path + part : `${path}/${part}`;
  }, '');
}
