import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { neutral } from '../../../support/jinja_cases.ts';
import { askOracle } from '../../../support/python_oracle.ts';
import {
  type Rendered,
  readTrees,
  renderFile,
  slsName,
  type Tree,
  treeContexts,
  treesDirectory,
} from '../../../support/render_trees.ts';

/** What Python's Jinja2 printed, or its error, for each file and context. `UPDATE_GOLDEN=1` asks it anew. */
type Expected = Record<string, Rendered>;

const goldenFile = (tree: Tree): string => `${treesDirectory}/${tree.name}.json`;

const cases = (tree: Tree) =>
  treeContexts.flatMap((context) =>
    [...tree.files.keys()].map((path) => ({ name: `${path} (${context.name})`, path, context })),
  );

function updateGolden(tree: Tree): void {
  const requests = cases(tree).map(({ path, context }) => ({
    files: Object.fromEntries(tree.files),
    path,
    sls: slsName(path),
    grains: context.grains,
    pillar: context.hasPillar ? tree.pillar : '{}',
  }));
  const answers = askOracle<Rendered>('salt_oracle.py', requests);
  const entries = cases(tree).map(({ name, path }, index) => [name, neutral(answers[index]!, path)]);
  writeFileSync(goldenFile(tree), `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`);
}

const trees = readTrees();
if (process.env.UPDATE_GOLDEN === '1') for (const tree of trees) updateGolden(tree);

describe.each(trees.map((tree) => [tree.name, tree] as const))('the tree %s', (_name, tree) => {
  const golden = JSON.parse(readFileSync(goldenFile(tree), 'utf8')) as Expected;

  test.each(cases(tree).map((each) => [each.name, each] as const))('%s', (name, { path, context }) => {
    expect(neutral(renderFile(tree, path, context), path)).toEqual(golden[name]);
  });
});
