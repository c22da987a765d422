import { describe, expect, test } from 'vitest';
import { compareDebianVersions } from '../../../../../minion/lib/pkg/debian_version.ts';
import { packageName, parseSources, parseTargets, versionConditions } from '../../../../../minion/lib/pkg/targets.ts';

describe('what is to be installed', () => {
  test.each([
    ['tmux', undefined, [], [{ name: 'tmux', version: undefined }]],
    ['tmux', '3.3', [], [{ name: 'tmux', version: '3.3' }]],
    [
      'a,b',
      undefined,
      [],
      [
        { name: 'a', version: undefined },
        { name: 'b', version: undefined },
      ],
    ],
    [
      'ignored',
      undefined,
      ['a', { b: 1.5 }, { c: null }],
      [
        { name: 'a', version: undefined },
        { name: 'b', version: '1.5' },
        { name: 'c', version: undefined },
      ],
    ],
  ])('name %j, version %j, pkgs %j', (name, version, pkgs, expected) => {
    expect(parseTargets(name, version, pkgs)).toEqual(expected);
  });

  test('no name at all, and one version for several names, are refused', () => {
    expect(() => parseTargets(undefined, undefined, [])).toThrow('no package is named');
    expect(() => parseTargets('a,b', '1', [])).toThrow('several are named');
  });

  test.each(['-y', 'a b', 'a/stable', 'tmux-', 'tmux=1', ''])(
    '%j is not a name: apt would read more into it',
    (name) => {
      expect(() => packageName(name)).toThrow('is not the name of a package');
    },
  );

  test.each(['g++', 'libc6:i386', 'python3.11', 'linux-image-*'])('%s is a name', (name) => {
    expect(packageName(name)).toBe(name);
  });

  test('sources are files on the minion', () => {
    expect(parseSources([{ foo: '/tmp/foo.deb' }, '/tmp/b.deb'])).toEqual(['/tmp/foo.deb', '/tmp/b.deb']);
    expect(() => parseSources([{ foo: 'salt://foo.deb' }])).toThrow('is not an absolute path');
  });
});

describe('conditions on versions', () => {
  test.each([
    ['>=1.2', '1.2', true],
    ['>=1.2', '1.10', true],
    ['>=1.2', '1.1', false],
    ['>1.2', '1.2', false],
    ['<2', '2~rc1', true],
    ['<=2', '2', true],
    ['==1', '1-0', true],
    ['!=1', '1', false],
    ['!=1', '2', true],
    ['>=1,<2', '1.5', true],
    ['>=1, <2', '2', false],
  ])('%s of %s is %j', (condition, candidate, expected) => {
    expect(versionConditions(condition, compareDebianVersions)?.(candidate)).toBe(expected);
  });

  test('a plain version is no condition, and half a condition is a mistake', () => {
    expect(versionConditions('1.2', compareDebianVersions)).toBeUndefined();
    expect(() => versionConditions('>=', compareDebianVersions)).toThrow('is not a version condition');
  });
});
