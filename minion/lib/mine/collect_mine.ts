import type { MineAccess, MineFunction } from '../../../shared/data/mine_functions.ts';
import { errorLine } from '../../../shared/errors.ts';
import type { MinionContext } from '../../context.ts';

/** As the master takes it: `salt/req/<id>/mine`. */
export type MineItems = Record<string, MineAccess & { readonly value: unknown }>;

/** Calls the functions one after another; one that fails is logged and left out, so that what others know stays. */
export async function collectMine(
  { call, log }: Pick<MinionContext, 'call' | 'log'>,
  functions: readonly MineFunction[],
): Promise<MineItems> {
  const items: MineItems = {};
  for (const { name, fun, args, kwargs, access } of functions) {
    try {
      items[name] = { value: (await call(fun, args, kwargs)) ?? null, ...access };
    } catch (error) {
      log.error('a function of the mine failed', { name, fun, reason: errorLine(error) });
    }
  }
  return items;
}
