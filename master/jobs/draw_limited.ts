import { createHash } from 'node:crypto';
import { howMany } from '../../shared/how_many.ts';

/**
 * So many of the ids, or a percentage, at least one: the same for the same seed, and each id keeps its place among the
 * others when some come or go.
 */
export function drawLimited(ids: readonly string[], limit: string | number, seed: string): readonly string[] {
  const place = (id: string): string => createHash('sha256').update(`${seed}\0${id}`).digest('hex');
  const placed = ids.map((id) => ({ id, at: place(id) })).sort((a, b) => (a.at < b.at ? -1 : 1));
  return placed
    .slice(0, howMany(limit, ids.length))
    .map(({ id }) => id)
    .sort();
}
