import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { savedFiles } from '../support/guide_page.ts';
import { repositoryRoot } from '../support/source_tree.ts';

const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'docs/performance.md',
  ...['docs/guide', 'docs/decisions'].flatMap((folder) =>
    readdirSync(join(repositoryRoot, folder)).map((name) => `${folder}/${name}`),
  ),
].map((path) => ({ path, text: readFileSync(join(repositoryRoot, path), 'utf8') }));
const architecture = pages.find(({ path }) => path === 'ARCHITECTURE.md')?.text ?? '';
/** Folders at the top whose files pages name in backquotes. */
const TOP = 'bench|broker|cli|config|docs|examples|master|minion|scripts|shared|test';

/** `broker/broker.ts`, `test/unit` and so on; `<name>` stands for something, and is no path. */
function namedPaths(text: string): string[] {
  const found = [...text.matchAll(new RegExp(`\`((?:${TOP})(?:/[\\w.-]+)*/?)\``, 'g'))];
  return found.map(([, path = '']) => path);
}

function linkedFiles(text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => target);
}

describe.each(pages)('$path', ({ path, text }) => {
  test('names files and folders that exist', () => {
    const saved = new Set(savedFiles(text).map((file) => file.path));
    // What a reader is told to write is named before it is there; so is the page that is generated for it.
    const exists = (name: string): boolean =>
      existsSync(join(repositoryRoot, name)) || saved.has(name) || text.includes(`writes \`${name}\``);
    expect(namedPaths(text).filter((name) => !exists(name))).toEqual([]);
  });

  test('links to files that exist', () => {
    const broken = linkedFiles(text).filter((target) => !existsSync(join(repositoryRoot, dirname(path), target)));
    expect(broken).toEqual([]);
  });
});

/** The cells of the rows below a heading. */
function tableBelow(heading: string): string[][] {
  const section = architecture.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

describe('ARCHITECTURE.md', () => {
  test('follows a job through functions that are in the files it names', () => {
    const hops = tableBelow('One job, eight hops');
    expect(hops.filter(([hop]) => hop !== '')).toHaveLength(8);
    const lost = hops.filter(([, file = '', name = '']) => {
      const source = readFileSync(join(repositoryRoot, file), 'utf8');
      return !new RegExp(`\\b(function |const )${name}\\b|^ +${name}\\b.*[({:]`, 'm').test(source);
    });
    expect(lost).toEqual([]);
  });

  test('has a map whose files of note are in their folders', () => {
    const rows = tableBelow('Code map');
    expect(rows.length).toBeGreaterThan(10);
    const lost = rows.flatMap(([folders = '', , notes = '']) =>
      notes
        .split(', ')
        .filter((note) => !folders.split(', ').some((folder) => existsSync(join(repositoryRoot, folder, note)))),
    );
    expect(lost).toEqual([]);
  });

  test('names a test for each invariant', () => {
    const rows = tableBelow('Invariants');
    expect(rows.length).toBeGreaterThan(10);
    for (const [invariant, tests = ''] of rows) expect(tests, invariant).toMatch(/^test\/\S+\.test\.ts(, |$)/);
  });
});
