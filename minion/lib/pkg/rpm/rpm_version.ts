import { compareDigits, compareLetters, leading } from '../compare_runs.ts';

/**
 * rpm's order of versions `epoch:version-release`. Runs of digits and runs of letters are compared in turn, all else
 * only separates; `~` sorts before everything, `^` after the end and before all else. Releases are compared when both
 * have one.
 */
export function compareRpmVersions(a: string, b: string): -1 | 0 | 1 {
  const left = parseRpmVersion(a);
  const right = parseRpmVersion(b);
  const hasReleases = left.release !== '' && right.release !== '';
  const order =
    compareDigits(left.epoch, right.epoch) ||
    compareSegments(left.version, right.version) ||
    (hasReleases ? compareSegments(left.release, right.release) : 0);
  return Math.sign(order) as -1 | 0 | 1;
}

export function parseRpmVersion(text: string): {
  readonly epoch: string;
  readonly version: string;
  readonly release: string;
} {
  const [, epoch = '0', version = '', release = ''] = /^(?:(\d+):)?([^-]*)(?:-(.*))?$/s.exec(text.trim()) ?? [];
  return { epoch, version, release };
}

/** The order of versions, or of releases, alone. */
function compareSegments(a: string, b: string): number {
  let left = a;
  let right = b;
  while (left !== '' || right !== '') {
    left = left.replace(/^[^A-Za-z0-9~^]+/, '');
    right = right.replace(/^[^A-Za-z0-9~^]+/, '');
    const sign = signOrder(left, right);
    if (sign === 'both') {
      left = left.slice(1);
      right = right.slice(1);
      continue;
    }
    if (sign !== 0) return sign;
    if (left === '' || right === '') break;
    const leftRun = firstRun(left);
    // What is compared with it must be of its kind, else the one with digits is newer.
    const rightRun = /^\d/.test(leftRun) ? leading(/^\d*/, right) : leading(/^[A-Za-z]*/, right);
    if (rightRun === '') return /^\d/.test(leftRun) ? 1 : -1;
    const order = /^\d/.test(leftRun) ? compareDigits(leftRun, rightRun) : compareLetters(leftRun, rightRun);
    if (order !== 0) return order;
    left = left.slice(leftRun.length);
    right = right.slice(rightRun.length);
  }
  return (left === '' ? 0 : 1) - (right === '' ? 0 : 1);
}

/** What a `~` or a `^` at the front decides; `both` when both have the same. */
function signOrder(left: string, right: string): number | 'both' {
  if (left.startsWith('~') || right.startsWith('~')) {
    if (!left.startsWith('~')) return 1;
    return right.startsWith('~') ? 'both' : -1;
  }
  if (left.startsWith('^') || right.startsWith('^')) {
    if (left === '') return -1;
    if (right === '') return 1;
    if (!left.startsWith('^')) return 1;
    return right.startsWith('^') ? 'both' : -1;
  }
  return 0;
}

function firstRun(text: string): string {
  return leading(/^(\d+|[A-Za-z]+)/, text);
}
