import { pathToFileURL } from 'node:url';
import { FleetError } from '../../../shared/errors.ts';
import type { ModuleSpec } from '../../../shared/plugin/function.ts';
import type { MinionContext } from '../../context.ts';
import type { CustomFile } from './find_custom_files.ts';
import { whyNoModule } from './why_no_module.ts';

/** Loads a module in JavaScript or TypeScript as it is now. Throws MODULE_UNAVAILABLE with what is wrong with it. */
export async function loadScript({ path, kind, version }: CustomFile): Promise<ModuleSpec<MinionContext>> {
  if (kind === 'typescript' && !runsTypeScript()) {
    throw broken(path, `Node.js ${process.version} does not run TypeScript: use 22.18 or later, or compile it`);
  }
  const url = `${pathToFileURL(path).href}?v=${version}`;
  const made = await defaultExport(path, url);
  const reason = whyNoModule(made);
  if (reason !== undefined) throw broken(path, reason);
  return made as ModuleSpec<MinionContext>;
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
