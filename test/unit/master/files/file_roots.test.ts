import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFileRoots, fileRootsFormat, parseSaltUrl } from '../../../../master/files/file_roots.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

function tree(): string {
  const dir = realpathSync(temporaryDir());
  for (const [path, text] of Object.entries({
    'first/a.sls': 'first',
    'second/a.sls': 'second',
    'second/sub/b.sls': 'b',
    'first-not/c.sls': 'beside',
    'secret.sls': 'secret',
  })) {
    mkdirSync(join(dir, path, '..'), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

test('the first root of an environment that has the file wins', () => {
  const dir = tree();
  const roots = createFileRoots({
    base: [join(dir, 'none'), join(dir, 'first'), join(dir, 'second')],
    dev: [join(dir, 'second')],
  });
  expect(roots.find('a.sls')).toBe(join(dir, 'first/a.sls'));
  expect(roots.read('a.sls', 'dev')).toBe('second');
  expect(roots.read('sub/b.sls')).toBe('b');
  expect([roots.find('none.sls'), roots.find('sub'), roots.read('a.sls', 'prod'), roots.read('nope')]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test.each(['../secret.sls', 'sub/../../secret.sls', '../first-not/c.sls', '/../secret.sls'])(
  '%s does not lead out of the roots',
  (path) => {
    const dir = tree();
    expect(createFileRoots({ base: [join(dir, 'first'), join(dir, 'second')] }).find(path)).toBeUndefined();
  },
);

test('a symlink is followed within its root and never out of it', () => {
  const dir = tree();
  symlinkSync(join(dir, 'secret.sls'), join(dir, 'first/link.sls'));
  symlinkSync(dir, join(dir, 'first/up'));
  symlinkSync('a.sls', join(dir, 'first/inside.sls'));
  symlinkSync(join(dir, 'first'), join(dir, 'linked-root'));
  const roots = createFileRoots({ base: [join(dir, 'first')], linked: [join(dir, 'linked-root')] });
  expect([roots.find('link.sls'), roots.find('up/secret.sls')]).toEqual([undefined, undefined]);
  expect(roots.read('inside.sls')).toBe('first');
  expect(roots.read('a.sls', 'linked')).toBe('first');
});

test('a URL names a path and an environment', () => {
  expect(parseSaltUrl('salt://reactor/a.sls')).toEqual({ path: 'reactor/a.sls', saltenv: 'base' });
  expect(parseSaltUrl('salt://a.sls?saltenv=dev')).toEqual({ path: 'a.sls', saltenv: 'dev' });
  expect(() => parseSaltUrl('salt://a.sls?env=dev')).toThrow('is no file of the file roots');
});

test('the setting is a mapping of environments to lists of absolute directories', () => {
  expect(fileRootsFormat.read({ base: ['/srv/salt'] })).toEqual({ base: ['/srv/salt'] });
  for (const wrong of [[], { base: '/srv' }, { base: ['srv'] }, 'x'])
    expect(fileRootsFormat.read(wrong)).toBeUndefined();
});
