import type { MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';

/** The path here of a file that is here, of the master (salt://) or elsewhere. Throws COMMAND_FAILED for one that is not. */
export async function fetchedFile(context: MinionContext, source: string, saltenv: string): Promise<string> {
  if (!/^[a-z][a-z\d+.-]*:\/\//.test(source)) return source;
  const copy = await context.call('cp.cache_file', [source, saltenv]);
  if (typeof copy === 'string' && copy !== '') return copy;
  throw commandFailed(`file ${source} was not found${source.startsWith('salt://') ? ' on the master' : ''}`);
}
