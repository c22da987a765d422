import { expect, test } from 'vitest';
import { splitLines, unifiedDiff } from '../../../../shared/data/text_diff.ts';

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index + 1}\n`);

test('equal texts have no diff', () => {
  expect(unifiedDiff('a\nb\n', 'a\nb\n')).toBe('');
});

test('a changed line is shown with its context', () => {
  const lines = numbered(9);
  const changed = lines.with(4, 'changed\n');
  expect(unifiedDiff(lines.join(''), changed.join(''))).toBe(
    [
      '--- ',
      '+++ ',
      '@@ -2,7 +2,7 @@',
      ' line 2',
      ' line 3',
      ' line 4',
      '-line 5',
      '+changed',
      ' line 6',
      ' line 7',
      ' line 8',
      '',
    ].join('\n'),
  );
});

test('names stand in the head', () => {
  expect(unifiedDiff('a\n', 'b\n', 'old', 'new')).toBe('--- old\n+++ new\n@@ -1 +1 @@\n-a\n+b\n');
});

test('adding to nothing and removing everything', () => {
  expect(unifiedDiff('', 'a\nb\n')).toBe('--- \n+++ \n@@ -0,0 +1,2 @@\n+a\n+b\n');
  expect(unifiedDiff('a\n', '')).toBe('--- \n+++ \n@@ -1 +0,0 @@\n-a\n');
});

test('changes far apart are two hunks, changes near each other one', () => {
  const lines = numbered(30);
  const hunksWith = (second: number): number => {
    const changed = lines.with(2, 'x\n').with(second, 'y\n');
    return unifiedDiff(lines.join(''), changed.join('')).match(/^@@/gm)?.length ?? 0;
  };
  expect(hunksWith(9)).toBe(1);
  expect(hunksWith(10)).toBe(2);
});

test('a last line without its end is shown whole', () => {
  expect(unifiedDiff('a\nb', 'a\nb\n')).toBe('--- \n+++ \n@@ -1,2 +1,2 @@\n a\n-b\n+b\n');
  expect(splitLines('a\n\nb')).toEqual(['a\n', '\n', 'b']);
});

test('texts that have nothing in common are replaced as a whole', () => {
  const from = Array.from({ length: 2000 }, (_, index) => `old ${index}\n`).join('');
  const to = Array.from({ length: 2000 }, (_, index) => `new ${index}\n`).join('');
  const diff = unifiedDiff(`same\n${from}`, `same\n${to}`);
  expect(diff.startsWith('--- \n+++ \n@@ -1,2001 +1,2001 @@\n same\n-old 0\n')).toBe(true);
  expect(diff.match(/^\+new/gm)).toHaveLength(2000);
});
