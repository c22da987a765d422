import { compareDigits, leading } from './compare_runs.ts';

/**
 * Debian's order of versions (Debian Policy 5.6.12): epoch, upstream version, revision. In each part, runs of other
 * characters and runs of digits are compared in turn; `~` sorts before everything, even before the end.
 */
export function compareDebianVersions(a: string, b: string): -1 | 0 | 1 {
  const left = parseVersion(a);
  const right = parseVersion(b);
  const order =
    compareDigits(left.epoch, right.epoch) ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision);
  return Math.sign(order) as -1 | 0 | 1;
}

interface Version {
  readonly epoch: string;
  readonly upstream: string;
  readonly revision: string;
}

function parseVersion(text: string): Version {
  const [, epoch = '0', rest = ''] = /^(?:(\d+):)?(.*)$/s.exec(text.trim()) ?? [];
  const dash = rest.lastIndexOf('-');
  return dash === -1
    ? { epoch, upstream: rest, revision: '' }
    : { epoch, upstream: rest.slice(0, dash), revision: rest.slice(dash + 1) };
}

function compareParts(a: string, b: string): number {
  let left = a;
  let right = b;
  while (left !== '' || right !== '') {
    const leftText = leading(/^\D*/, left);
    const rightText = leading(/^\D*/, right);
    left = left.slice(leftText.length);
    right = right.slice(rightText.length);
    const leftDigits = leading(/^\d*/, left);
    const rightDigits = leading(/^\d*/, right);
    const order = compareText(leftText, rightText) || compareDigits(leftDigits, rightDigits);
    if (order !== 0) return order;
    left = left.slice(leftDigits.length);
    right = right.slice(rightDigits.length);
  }
  return 0;
}

function compareText(a: string, b: string): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const order = weight(a[index]) - weight(b[index]);
    if (order !== 0) return order;
  }
  return 0;
}

/** `~`, then the end, then letters, then all else. */
function weight(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === '~') return -1;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}
