import { compareDigits, compareLetters } from '../compare_runs.ts';

/** One piece of a version; `rank` is its kind, of which a lower one makes a newer version than a higher one. */
interface Token {
  readonly rank: number;
  readonly text: string;
}

const RANKS = { initial: 0, digits: 1, letter: 2, suffix: 3, suffixNumber: 4, hash: 5, revision: 6, end: 7 } as const;
/** Before the release, and after it. */
const SUFFIXES = ['alpha', 'beta', 'pre', 'rc', '', 'cvs', 'svn', 'git', 'hg', 'p'];
const RELEASE = SUFFIXES.indexOf('');
const END: Token = { rank: RANKS.end, text: '' };

/** Alpine's order of versions such as `1.2.3a_rc1-r4`. What does not fit that form is compared as far as it does. */
export function compareApkVersions(a: string, b: string): -1 | 0 | 1 {
  const left = tokens(a);
  const right = tokens(b);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const order = compareTokens(left[index] ?? END, right[index] ?? END);
    if (order !== 0) return Math.sign(order) as -1 | 1;
  }
  return 0;
}

function tokens(version: string): Token[] {
  const [, numbers = '', letter = '', suffixes = '', hash = '', revision] =
    /^([\d.]*)([a-z]?)((?:_[a-z]+\d*)*)(~[0-9a-f]+)?(?:-r(\d+))?/.exec(version.trim()) ?? [];
  const [first = '', ...others] = numbers.split('.');
  return [
    { rank: RANKS.initial, text: first },
    ...others.map((text) => ({ rank: RANKS.digits, text })),
    ...(letter === '' ? [] : [{ rank: RANKS.letter, text: letter }]),
    ...[...suffixes.matchAll(/_([a-z]+)(\d*)/g)].flatMap(([, name = '', number = '']) => [
      { rank: RANKS.suffix, text: name },
      ...(number === '' ? [] : [{ rank: RANKS.suffixNumber, text: number }]),
    ]),
    ...(hash === '' ? [] : [{ rank: RANKS.hash, text: hash }]),
    ...(revision === undefined ? [] : [{ rank: RANKS.revision, text: revision }]),
  ];
}

function compareTokens(a: Token, b: Token): number {
  if (a.rank !== b.rank) {
    if (isBeforeRelease(a)) return -1;
    if (isBeforeRelease(b)) return 1;
    return b.rank - a.rank;
  }
  if (a.rank === RANKS.suffix) return SUFFIXES.indexOf(a.text) - SUFFIXES.indexOf(b.text);
  const isFraction = a.rank === RANKS.digits && (a.text.startsWith('0') || b.text.startsWith('0'));
  const isText = isFraction || a.rank === RANKS.letter || a.rank === RANKS.hash;
  return isText ? compareLetters(a.text, b.text) : compareDigits(a.text, b.text);
}

function isBeforeRelease({ rank, text }: Token): boolean {
  return rank === RANKS.suffix && SUFFIXES.indexOf(text) < RELEASE;
}
