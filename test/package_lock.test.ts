import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from './support/source_tree.ts';

interface LockedPackage {
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** By path: `node_modules/a`, `node_modules/a/node_modules/b`; the root is ''. */
const locked: Readonly<Record<string, LockedPackage>> = JSON.parse(
  readFileSync(join(repositoryRoot, 'package-lock.json'), 'utf8'),
).packages;

/** Whether it is found from there, as Node looks: in its own folder, and then in each above. */
function isFound(name: string, path: string): boolean {
  if ([path, 'node_modules', name].join('/').replace(/^\//, '') in locked) return true;
  return path !== '' && isFound(name, path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/'))));
}

test('whatever a package asks for is locked, for every platform: `npm ci` takes nothing less', () => {
  const missing = Object.entries(locked).flatMap(([path, { dependencies, devDependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
      .filter((name) => !isFound(name, path))
      .map((name) => `${name} for ${path}`),
  );
  expect(Object.keys(locked).length).toBeGreaterThan(100);
  expect(missing).toEqual([]);
});

test('no registry is named: packages come from where npm is told to look', () => {
  expect(Object.values(locked).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
});
