/**
 * Python's fnmatch, which is what Salt means by a glob: `*`, `?`, `[seq]`, `[!seq]` over the whole text, in code points,
 * with regard to case. No RegExp is built: many stars in one would take exponential time, and the pattern may be a
 * stranger's. This takes at most text × pattern steps.
 */
type Step = '*' | ((character: string) => boolean);

/** A test of whole texts. Every pattern is valid: a bracket that is not closed is a plain character. */
export function globMatcher(pattern: string): (text: string) => boolean {
  const [start = '', end, ...more] = pattern.split('*');
  if (!/[?[]/.test(pattern) && more.length === 0) {
    // Nearly all that is typed, asked of ten thousand minions.
    if (end === undefined) return (text) => text === start;
    const least = start.length + end.length;
    return (text) => text.length >= least && text.startsWith(start) && text.endsWith(end);
  }
  const steps = parseGlob(Array.from(pattern));
  return (text) => matches(steps, Array.from(text));
}

/** Greedy, going back to the last star alone: what came before it has matched in the shortest way already. */
function matches(steps: readonly Step[], text: readonly string[]): boolean {
  let step = 0;
  let position = 0;
  let star = -1;
  let starPosition = 0;
  while (position < text.length) {
    const current = steps[step];
    if (current === '*') {
      star = step++;
      starPosition = position;
    } else if (current?.(text[position] as string)) {
      step++;
      position++;
    } else if (star !== -1) {
      step = star + 1;
      position = ++starPosition;
    } else return false;
  }
  while (steps[step] === '*') step++;
  return step === steps.length;
}

function parseGlob(pattern: readonly string[]): Step[] {
  const steps: Step[] = [];
  for (let index = 0; index < pattern.length; ) {
    const character = pattern[index++] as string;
    if (character === '*') steps.push('*');
    else if (character === '?') steps.push(() => true);
    else if (character !== '[') steps.push((other) => other === character);
    else {
      const end = closingBracket(pattern, index);
      steps.push(end === -1 ? (other) => other === '[' : parseSet(pattern.slice(index, end)));
      if (end !== -1) index = end + 1;
    }
  }
  return steps;
}

/** A `]` that comes first, or first after the `!`, belongs to the set. */
function closingBracket(pattern: readonly string[], start: number): number {
  const first = pattern[start] === '!' ? start + 1 : start;
  return pattern.indexOf(']', pattern[first] === ']' ? first + 1 : first);
}

function parseSet(content: readonly string[]): (character: string) => boolean {
  const isNegated = content[0] === '!';
  const items = isNegated ? content.slice(1) : content;
  const ranges: [number, number][] = [];
  for (let index = 0; index < items.length; index++) {
    const low = codeOf(items[index]);
    const isRange = items[index + 1] === '-' && index + 2 < items.length;
    if (isRange) index += 2;
    ranges.push([low, codeOf(items[index])]);
  }
  return (character) => {
    const code = codeOf(character);
    return ranges.some(([low, high]) => low <= code && code <= high) !== isNegated;
  };
}

function codeOf(character: string | undefined): number {
  return character?.codePointAt(0) ?? -1;
}
