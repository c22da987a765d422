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

/** Damerau-Levenshtein (optimal string alignment): insert, delete, replace, or swap two neighbours. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const removed = (last[column] as number) + 1;
      const added = (current[column - 1] as number) + 1;
      const replaced = (last[column - 1] as number) + (same ? 0 : 1);
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
          ? (beforeLast[column - 2] as number) + 1
          : Number.POSITIVE_INFINITY;
      current.push(Math.min(removed, added, replaced, swapped));
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] as number;
}
