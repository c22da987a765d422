import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareDebianVersions } from '../../../../../minion/lib/pkg/debian_version.ts';

/** Older, newer; or equal. The answers are those of `dpkg --compare-versions`. */
const pairs: readonly (readonly [string, '<' | '=', string])[] = [
  ['1.0', '=', '1.0'],
  ['1.0', '<', '1.1'],
  ['1.9', '<', '1.10'],
  ['1.2.3', '<', '1.2.10'],
  ['1.0-1', '<', '1.0-2'],
  ['1.0-9', '<', '1.0-10'],
  ['1.0', '<', '1.0-1'],
  ['1.0', '=', '1.0-0'],
  ['0:1.0', '=', '1.0'],
  ['9.9', '<', '1:0.1'],
  ['1:1.0', '<', '2:0.9'],
  ['1.0~rc1', '<', '1.0'],
  ['1.0~', '<', '1.0'],
  ['1.0~~', '<', '1.0~'],
  ['1.0~~a', '<', '1.0~'],
  ['1.0~rc1', '<', '1.0~rc2'],
  ['1.0~beta1~svn1245', '<', '1.0~beta1'],
  ['1.0-1~bpo12+1', '<', '1.0-1'],
  ['1.0a', '<', '1.0b'],
  ['1.0', '<', '1.0a'],
  ['1.0a', '<', '1.0+'],
  ['1.0+b1', '<', '1.0+b2'],
  ['1.0z', '<', '1.0.1'],
  ['1.0A', '<', '1.0a'],
  ['1.00', '=', '1.0'],
  ['1.001', '=', '1.1'],
  ['1.0.', '=', '1.0.0'],
  ['1.0-1.1', '<', '1.0-2'],
  ['1.0-1', '<', '1.0-1.1'],
  ['1.0-1ubuntu1', '<', '1.0-1ubuntu10'],
  ['1.0-1', '<', '1.0-1ubuntu1'],
  ['1.0-1+deb12u1', '<', '1.0-1+deb12u2'],
  ['2.36-9+deb12u9', '<', '2.36-9+deb12u10'],
  ['1-2-3', '<', '1-2-4'],
  ['1-2-3', '<', '1-3-1'],
  ['20230311', '<', '20230311+deb12u1'],
  ['20230410123456789012345678', '<', '20230410123456789012345679'],
  ['5.2.15-2+b8', '<', '5.2.15-2+b13'],
  ['1:2.66-4', '<', '1:2.66-4+deb12u3'],
  ['0.2.4-0ubuntu1', '<', '0.2.4.1-0ubuntu1'],
  ['', '<', '1'],
];

describe('the order of Debian versions', () => {
  test.each(pairs)('%s %s %s', (a, relation, b) => {
    expect(compareDebianVersions(a, b)).toBe(relation === '<' ? -1 : 0);
    expect(compareDebianVersions(b, a)).toBe(relation === '<' ? 1 : 0);
  });
});

const part = fc.string({ unit: fc.constantFrom(...'0129aZ.+~'), minLength: 1, maxLength: 5 });
const version = fc
  .tuple(fc.constantFrom('', '0:', '1:'), part, fc.option(part, { nil: undefined }))
  .map(([epoch, upstream, revision]) => `${epoch}0${upstream}${revision === undefined ? '' : `-${revision}`}`);

test('any three versions have one order', () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      expect(compareDebianVersions(a, b) + compareDebianVersions(b, a)).toBe(0);
      if (compareDebianVersions(a, b) <= 0 && compareDebianVersions(b, c) <= 0) {
        expect(compareDebianVersions(a, c)).toBeLessThanOrEqual(0);
      }
    }),
  );
});

const hasDpkg = spawnSync('dpkg', ['--version']).status === 0;

test.runIf(hasDpkg)('dpkg agrees with the table and with what it has never seen', () => {
  const random = fc.sample(fc.tuple(version, version), { numRuns: 60, seed: 7 });
  for (const [a, b] of [...pairs.map(([left, , right]) => [left, right] as const), ...random]) {
    if (a === '' || b === '') continue;
    const relation = { '-1': 'lt', '0': 'eq', '1': 'gt' }[String(compareDebianVersions(a, b)) as '-1' | '0' | '1'];
    expect([a, relation, b, spawnSync('dpkg', ['--compare-versions', a, relation, b]).status]).toEqual([
      a,
      relation,
      b,
      0,
    ]);
  }
});
