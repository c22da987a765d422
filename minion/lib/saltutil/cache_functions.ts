import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { systemErrorCode } from '../../../shared/errors.ts';
import { ifThere } from '../../../shared/if_there.ts';
import { Real, Text } from '../../../shared/plugin/args.ts';
import { fn, type MinionContext } from '../../context.ts';

/** What must not be lost is no cache: jobs that were taken, what nobody has acknowledged, and what was due and was done. */
const KEPT = /^(ledger|outbox|returners|schedule\.json)/;

export const cacheFunctions = {
  clear_cache: fn({
    summary: "Remove all that is in the minion's cachedir and is no promise to its master.",
    description: `
What data.* keeps and the copies of file.list_backups go too, as in Salt. The ledger, the outbox, the queue of returners and the
state of the schedule stay.`,
    args: {},
    returns: '``True``, or ``False`` when something cannot be removed, of which the log tells.',
    examples: ["salt '*' saltutil.clear_cache"],
    run: clearCache,
  }),
  clear_job_cache: fn({
    summary: 'Remove copies of what jobs returned that are older than some hours.',
    description: 'A minion keeps none: what it returned is in the store of its master.',
    args: { hours: v.optional(Real, 24) },
    returns: '``True``.',
    examples: ["salt '*' saltutil.clear_job_cache hours=12"],
    run: () => true,
  }),
  find_cached_job: fn({
    summary: 'Return the copy of what a job returned.',
    description: 'A minion keeps none: ask the master by `salt-run jobs.lookup_jid`.',
    args: { jid: Text },
    returns: 'the sentence of Salt for a minion without such copies.',
    examples: ["salt '*' saltutil.find_cached_job 20261122093047146206"],
    reads: true,
    run: () => 'Local jobs cache directory not found; this minion keeps no copies of what it returned',
  }),
};

async function clearCache({ root, config, log }: MinionContext): Promise<boolean> {
  const folder = join(root, String(config.cachedir));
  const names = (await ifThere(readdir(folder))) ?? [];
  let isClear = true;
  for (const name of names.filter((entry) => !KEPT.test(entry))) {
    const path = join(folder, name);
    await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
      const reason = systemErrorCode(error);
      if (reason === undefined) throw error;
      log.error('a file of the cache cannot be removed', { path, reason });
      isClear = false;
    });
  }
  return isClear;
}
