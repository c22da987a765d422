import { editDistance } from './render/edit_distance.ts';

/** The candidate nearest to a mistyped word (one edit for every three letters is allowed), or undefined when none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let allowed = Math.max(1, Math.floor(word.length / 3));
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > allowed) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= allowed) {
      if (best === undefined || distance < allowed) best = candidate;
      allowed = distance;
    }
  }
  return best;
}
