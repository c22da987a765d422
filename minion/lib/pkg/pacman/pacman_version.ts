import { compareDigits, compareLetters, leading } from '../compare_runs.ts';

/**
 * pacman's order of versions `epoch:version-release`: runs of digits and of letters are compared in turn. A rest of
 * letters is older than nothing at all (`1.0rc` before `1.0`), any other rest is newer. Releases count when both have
 * one.
 */
export function comparePacmanVersions(a: string, b: string): -1 | 0 | 1 {
  const left = parseVersion(a);
  const right = parseVersion(b);
  const hasReleases = left.release !== undefined && right.release !== undefined;
  const order =
    compareSegments(left.epoch, right.epoch) ||
    compareSegments(left.version, right.version) ||
    (hasReleases ? compareSegments(left.release ?? '', right.release ?? '') : 0);
  return Math.sign(order) as -1 | 0 | 1;
}

function parseVersion(text: string) {
  const [, epoch = '0', rest = ''] = /^(?:(\d*):)?(.*)$/s.exec(text.trim()) ?? [];
  const dash = rest.lastIndexOf('-');
  return dash < 0
    ? { epoch: epoch || '0', version: rest, release: undefined }
    : { epoch: epoch || '0', version: rest.slice(0, dash), release: rest.slice(dash + 1) };
}

function compareSegments(a: string, b: string): number {
  let left = a;
  let right = b;
  while (left !== '' && right !== '') {
    const leftGap = leading(/^[^A-Za-z0-9]*/, left).length;
    const rightGap = leading(/^[^A-Za-z0-9]*/, right).length;
    left = left.slice(leftGap);
    right = right.slice(rightGap);
    if (left === '' || right === '') break;
    if (leftGap !== rightGap) return leftGap - rightGap;
    const isNumber = /^\d/.test(left);
    const kind = isNumber ? /^\d+/ : /^[A-Za-z]+/;
    const leftRun = leading(kind, left);
    const rightRun = leading(kind, right);
    if (rightRun === '') return isNumber ? 1 : -1;
    const order = isNumber ? compareDigits(leftRun, rightRun) : compareLetters(leftRun, rightRun);
    if (order !== 0) return order;
    left = left.slice(leftRun.length);
    right = right.slice(rightRun.length);
  }
  if (left === '' && right === '') return 0;
  const isOlder = (left === '' && !/^[A-Za-z]/.test(right)) || /^[A-Za-z]/.test(left);
  return isOlder ? -1 : 1;
}
