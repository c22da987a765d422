import { pathToFileURL } from 'node:url';
import { FleetError } from '../../../shared/errors.ts';
import type { CustomFile } from './find_custom_files.ts';

/**
 * Loads a file in JavaScript or TypeScript as it is now; `whyNot` says what is wrong with its default export. Throws
 * MODULE_UNAVAILABLE.
 */
export async function loadScript<T>(
  { path, kind, version }: CustomFile,
  whyNot: (value: unknown) => string | undefined,
): Promise<T> {
  if (kind === 'typescript' && !runsTypeScript()) {
    throw broken(path, `Node.js ${process.version} does not run TypeScript: use 22.18 or later, or compile it`);
  }
  const url = `${pathToFileURL(path).href}?v=${version}`;
  const made = await defaultExport(path, url);
  const reason = whyNot(made);
  if (reason !== undefined) throw broken(path, reason);
  return made as T;
}

async function defaultExport(path: string, url: string): Promise<unknown> {
  try {
    const { default: made } = (await import(/* @vite-ignore */ url)) as { default?: unknown };
    if (typeof made !== 'function') return made;
    // Only now: it holds all that there is to make schemas with.
    return await made((await import('../../module_kit.ts')).moduleKit);
  } catch (error) {
    throw broken(path, error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
}

function runsTypeScript(): boolean {
  return 'typescript' in process.features && Boolean(process.features.typescript);
}

function broken(path: string, reason: string): FleetError {
  return new FleetError('MODULE_UNAVAILABLE', `${path}: ${reason}`);
}
