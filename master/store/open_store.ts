import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import { openJournaledStore } from './journaled_store.ts';
import { openLmdbEngine } from './lmdb_engine.ts';
import { createRoomCheck } from './room_check.ts';
import type { Store } from './store.ts';

/** The master's store in a folder: LMDB with a journal before it. Throws FILE_UNREADABLE. */
export async function openStore(
  path: string,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<Store> {
  const checkRoom = createRoomCheck(path, clock);
  const engine = openLmdbEngine(path, checkRoom);
  try {
    return await openJournaledStore({ path: join(path, 'journal'), engine, checkRoom, clock, log });
  } catch (error) {
    await engine.close();
    throw error;
  }
}
