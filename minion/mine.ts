import type { Clock } from '../shared/clock.ts';
import type { MineFunction } from '../shared/data/mine_functions.ts';
import { errorLine } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { MasterRequests, MinionContext } from './context.ts';
import { collectMine, type MineItems } from './lib/mine/collect_mine.ts';
import { runWhileWanted } from './lib/run_while_wanted.ts';
import { valueHash } from './lib/value_hash.ts';

export interface MineOptions {
  readonly functions: readonly MineFunction[];
  readonly intervalMs: number;
  readonly context: Pick<MinionContext, 'call' | 'log'>;
  readonly master: MasterRequests;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Tells the master from time to time what `mine_functions` return; a value that is what it was is not sent again. */
export interface RunningMine {
  /** The master is there: all is told. */
  connected(): void;
  stop(): void;
}

export function startMine(options: MineOptions): RunningMine {
  const { functions, context, master, clock, log } = options;
  /** Hashes of what the master has. */
  const told = new Map<string, string>();

  const send = async (items: MineItems): Promise<readonly string[]> => {
    const isKnown = (name: string): boolean => told.get(name) === valueHash(items[name]);
    const unchanged = Object.keys(items).filter(isKnown);
    const changed = Object.fromEntries(Object.entries(items).filter(([name]) => !isKnown(name)));
    const missing = (await master.ask('mine', { op: 'update', items: changed, unchanged })) as readonly string[];
    for (const [name, item] of Object.entries(changed)) told.set(name, valueHash(item));
    for (const name of missing) told.delete(name);
    return missing;
  };
  const update = async (): Promise<void> => {
    const items = await collectMine(context, functions);
    // The master may have lost what it had: what it asks for goes out again, once.
    if ((await send(items)).length > 0) await send(items);
  };
  const updateSoon = runWhileWanted(async () => {
    if (functions.length === 0) return;
    try {
      await update();
    } catch (error) {
      log.warning('the mine was not updated', { reason: errorLine(error) });
    }
  });
  const timer = clock.every(options.intervalMs, updateSoon);
  return { connected: updateSoon, stop: timer.stop };
}
