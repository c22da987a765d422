import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../../shared/if_there.ts';
import type { MinionContext } from '../../context.ts';

/** Whether the newest of these files and folders is at most that old; never when no age is allowed. */
export async function areListsYoung(
  { root, clock }: MinionContext,
  ageSecondsMax: number,
  paths: readonly string[],
): Promise<boolean> {
  if (ageSecondsMax <= 0) return false;
  const times = await Promise.all(paths.map((path) => changedMs(join(root, path))));
  return (clock.nowMs() - Math.max(...times)) / 1000 <= ageSecondsMax;
}

/** When it was changed, -Infinity when it is not there. */
export async function changedMs(path: string): Promise<number> {
  return (await ifThere(stat(path)))?.mtimeMs ?? Number.NEGATIVE_INFINITY;
}
