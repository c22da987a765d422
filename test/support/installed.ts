import { spawnSync } from 'node:child_process';
import { test } from 'vitest';

/** A test that needs programs: skipped where one is missing, and never in CI, where they all are. */
export function testWith(programs: readonly string[]): typeof test {
  const missing = programs.filter((name) => spawnSync('sh', ['-c', 'command -v "$0"', name]).status !== 0);
  return missing.length === 0 || process.env.CI === 'true' ? test : (test.skip as typeof test);
}
