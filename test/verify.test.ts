import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from './support/source_tree.ts';

test('npm run verify does all that CI does, in its order', () => {
  const { scripts } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
  const run = readFileSync(join(repositoryRoot, '.ci/run'), 'utf8');
  const checks = run.split('\n').filter((line) => /^(npm|node) /.test(line));
  expect(checks).toContain('npm test');
  expect(scripts.verify.split(' && ')).toEqual(checks);
});
