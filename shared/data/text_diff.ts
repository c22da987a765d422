/**
 * The differences of two texts as a unified diff with three lines of context, in the form of Python's difflib: what
 * Salt's functions and states show as changes. Empty when the texts are equal.
 */
export function unifiedDiff(from: string, to: string, fromName = '', toName = ''): string {
  const changes = diffLines(splitLines(from), splitLines(to));
  const hunks = toHunks(changes);
  if (hunks.length === 0) return '';
  return `--- ${fromName}\n+++ ${toName}\n${hunks.map(formatHunk).join('')}`;
}

/** Lines with their line ends; the last one may have none. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

type Mark = ' ' | '-' | '+';

interface Change {
  readonly mark: Mark;
  readonly line: string;
}

const CONTEXT_LINES = 3;

/**
 * Beyond so many differing lines the rest is shown as removed and added as a whole: the search for the shortest script
 * takes time and memory with the square of this number.
 */
const EDITS_MAX = 800;

function diffLines(from: readonly string[], to: readonly string[]): Change[] {
  let head = 0;
  while (head < from.length && head < to.length && from[head] === to[head]) head++;
  let tail = 0;
  while (tail < from.length - head && tail < to.length - head && from.at(-1 - tail) === to.at(-1 - tail)) tail++;
  const middleFrom = from.slice(head, from.length - tail);
  const middleTo = to.slice(head, to.length - tail);
  return [
    ...mark(' ', from.slice(0, head)),
    ...(shortestScript(middleFrom, middleTo) ?? [...mark('-', middleFrom), ...mark('+', middleTo)]),
    ...mark(' ', from.slice(from.length - tail)),
  ];
}

function mark(sign: Mark, lines: readonly string[]): Change[] {
  return lines.map((line) => ({ mark: sign, line }));
}

/**
 * E. W. Myers, "An O(ND) Difference Algorithm and Its Variations": `reach` holds how far down the old text one comes on
 * each diagonal (old minus new position) with a given number of edits. Undefined when more than EDITS_MAX are needed.
 */
function shortestScript(from: readonly string[], to: readonly string[]): Change[] | undefined {
  const reach = new Int32Array(2 * MIDDLE + 1);
  const rounds: Int32Array[] = [];
  const most = Math.min(EDITS_MAX, from.length + to.length);
  for (let edits = 0; edits <= most; edits++) {
    rounds.push(reach.slice());
    for (let k = -edits; k <= edits; k += 2) {
      let x = startOn(reach, k, edits);
      while (x < from.length && x - k < to.length && from[x] === to[x - k]) x++;
      reach[MIDDLE + k] = x;
      if (x >= from.length && x - k >= to.length) return walkBack(rounds, from, to);
    }
  }
  return undefined;
}

/** Where diagonal 0 is kept. */
const MIDDLE = EDITS_MAX + 1;

/** Whether the best way onto diagonal k is to add a line, rather than to remove one. */
function isAdded(reach: Int32Array, k: number, edits: number): boolean {
  return k === -edits || (k !== edits && (reach[MIDDLE + k - 1] as number) < (reach[MIDDLE + k + 1] as number));
}

function startOn(reach: Int32Array, k: number, edits: number): number {
  return isAdded(reach, k, edits) ? (reach[MIDDLE + k + 1] as number) : (reach[MIDDLE + k - 1] as number) + 1;
}

function walkBack(rounds: readonly Int32Array[], from: readonly string[], to: readonly string[]): Change[] {
  const changes: Change[] = [];
  let x = from.length;
  let y = to.length;
  for (let edits = rounds.length - 1; edits >= 0; edits--) {
    const reach = rounds[edits] as Int32Array;
    const k = x - y;
    const start = startOn(reach, k, edits);
    while (x > start) {
      changes.push({ mark: ' ', line: from[--x] as string });
      y--;
    }
    if (edits === 0) break;
    if (isAdded(reach, k, edits)) changes.push({ mark: '+', line: to[--y] as string });
    else changes.push({ mark: '-', line: from[--x] as string });
  }
  return removalsFirst(changes.reverse());
}

/** Within a run of changes removed lines come before added ones, as every diff is printed. */
function removalsFirst(changes: readonly Change[]): Change[] {
  const result: Change[] = [];
  let added: Change[] = [];
  for (const change of changes) {
    if (change.mark === '+') added.push(change);
    else if (change.mark === '-') result.push(change);
    else {
      result.push(...added, change);
      added = [];
    }
  }
  return [...result, ...added];
}

interface Hunk {
  readonly fromStart: number;
  readonly toStart: number;
  readonly changes: Change[];
}

/** Changes with their context; those whose contexts touch are one hunk. */
function toHunks(changes: readonly Change[]): Hunk[] {
  const hunks: Hunk[] = [];
  let fromLine = 0;
  let toLine = 0;
  let lastShown = -1;
  const nextChange = distanceToNextChange(changes);
  let lastChange = Number.NEGATIVE_INFINITY;
  for (const [index, change] of changes.entries()) {
    if (change.mark !== ' ') lastChange = index;
    const isNear = index - lastChange <= CONTEXT_LINES || (nextChange[index] as number) <= CONTEXT_LINES;
    if (isNear) {
      if (lastShown !== index - 1 || hunks.length === 0)
        hunks.push({ fromStart: fromLine, toStart: toLine, changes: [] });
      hunks.at(-1)?.changes.push(change);
      lastShown = index;
    }
    if (change.mark !== '+') fromLine++;
    if (change.mark !== '-') toLine++;
  }
  return hunks;
}

function distanceToNextChange(changes: readonly Change[]): number[] {
  const distances: number[] = new Array(changes.length);
  let distance = Number.POSITIVE_INFINITY;
  for (let index = changes.length - 1; index >= 0; index--) {
    distance = changes[index]?.mark === ' ' ? distance + 1 : 0;
    distances[index] = distance;
  }
  return distances;
}

function formatHunk({ fromStart, toStart, changes }: Hunk): string {
  const fromCount = changes.filter(({ mark: sign }) => sign !== '+').length;
  const toCount = changes.filter(({ mark: sign }) => sign !== '-').length;
  const lines = changes.map(({ mark: sign, line }) => `${sign}${line}${line.endsWith('\n') ? '' : '\n'}`);
  return `@@ -${range(fromStart, fromCount)} +${range(toStart, toCount)} @@\n${lines.join('')}`;
}

/** Unified format: a length of 1 is left out, and an empty range is named by the line before it. */
function range(start: number, count: number): string {
  if (count === 1) return String(start + 1);
  return `${count === 0 ? start : start + 1},${count}`;
}
