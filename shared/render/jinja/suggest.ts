import { editDistance } from '../edit_distance.ts';

/** "did you mean …?" for the nearest known name, or undefined when none is near. `what` stands before the name. */
export function suggest(name: string, known: Iterable<string>, what = ''): string | undefined {
  let best: string | undefined;
  // Of a name of one letter every other one would be near.
  let bestDistance = Math.min(Math.max(1, Math.floor(name.length / 3)) + 1, name.length);
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(name, candidate);
    if (distance > 0 && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best === undefined ? undefined : `did you mean ${what}'${best}'?`;
}
