import type { MinionContext } from '../minion/context.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import { loadFolder, programFolder } from '../shared/plugin/load_folder.ts';
import type { CliConfig } from './cli_config.ts';
import { matchedIds } from './matched_ids.ts';
import { askYesNo } from './prompt.ts';
import type { TargetRequest } from './target_options.ts';

/** Up to so many minions, a slip is mended by hand. */
const UNASKED_MAX = 10;

/**
 * True when a job may go out: it only looks, is for few minions, or somebody at a terminal said yes to their number.
 */
export async function confirmWide(
  fun: string,
  target: TargetRequest,
  config: Pick<CliConfig, 'socketPath'>,
  streams: Parameters<typeof askYesNo>[2],
  unaskedMax = UNASKED_MAX,
): Promise<boolean> {
  if (await onlyLooks(fun)) return true;
  const count = (await matchedIds(target, config)).length;
  return count <= unaskedMax || askYesNo(`${fun} on ${count} minions? [y/N] `, false, streams);
}

/** As the modules of this program say; of others it is not known, and they may do anything. */
async function onlyLooks(fun: string): Promise<boolean> {
  const [module = '', name = ''] = fun.split('.');
  const spec = await loadFolder<ModuleSpec<MinionContext>>(programFolder('minion/modules')).load(module);
  return spec !== undefined && Object.hasOwn(spec.functions, name) && spec.functions[name]?.reads === true;
}
