import type { EnvironmentOptions } from '../jinja/environment.ts';
import { PyError } from '../values/py_error.ts';

/** The text of a file below the file roots (`nginx/map.jinja`), or undefined when there is none. */
export type ReadFile = (path: string) => string | undefined;

/**
 * Finds what templates import and include: paths count from the top of the file roots, or when they begin with `./` or `../`
 * from the directory of the template that asks. None leads out of the roots. As in Salt, what was found by a relative path
 * keeps the place of the template that asked; not as in Salt, what was loaded in between does not move that place.
 */
export function createSaltLoader(readFile: ReadFile): NonNullable<EnvironmentOptions['loader']> {
  return (name, from) => {
    const isRelative = /^\.\.?\//.test(name);
    const path = isRelative ? joinPath(directoryOf(from), name) : name;
    if (path.split('/').includes('..')) throw new PyError('TemplateNotFound', name);
    const text = readFile(path);
    if (text === undefined) return undefined;
    return isRelative ? { name: path, text, relative: { asked: name, from } } : { name: path, text };
  };
}

function directoryOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

/** Keeps `..` only where it leads out of the top. */
function joinPath(directory: string, name: string): string {
  const parts: string[] = [];
  for (const part of [...directory.split('/'), ...name.split('/')]) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}
