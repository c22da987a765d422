import { expect, test } from 'vitest';
import { matcherOf } from '../../../../shared/target/target.ts';

type Data = Readonly<Record<string, unknown>>;

/** Mappings in mappings: ten names each. */
function tree(levels: number): Data {
  const below = levels === 0 ? 'x' : tree(levels - 1);
  return Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`k${index}`, below]));
}

async function timed(tgt: string, type: 'grain' | 'grain_pcre', grains: Data): Promise<boolean> {
  const matches = await matcherOf(tgt, type);
  const begun = performance.now();
  const answer = matches({ id: 'm1', grains });
  expect(performance.now() - begun).toBeLessThan(1500);
  return answer;
}

test('names that may be any do not multiply the ways to read a target without end', async () => {
  expect(await timed(`${'*:'.repeat(12)}z`, 'grain', tree(5))).toBe(false);
  expect(await timed('*:*:k3:x', 'grain', tree(2))).toBe(true);
});

test('a value that is longer than any fact matches no pattern but the star', async () => {
  const grains = { long: 'ab'.repeat(50_000), short: 'abab' };
  expect(await timed('long:*?b*', 'grain', grains)).toBe(false);
  expect(await timed('long:[ab]*a[ab]{400}c', 'grain_pcre', grains)).toBe(false);
  expect(await timed('long:*', 'grain', grains)).toBe(true);
  expect(await timed('short:*?b*', 'grain', grains)).toBe(true);
});

test.each([
  [`a${':b'.repeat(17)}`, "more than 16 of ':'"],
  [`a:${'*b'.repeat(128)}`, '258 characters, at most 256'],
])('the target %j is too long to be tried', async (tgt, message) => {
  await expect(matcherOf(tgt, 'grain')).rejects.toMatchObject({
    code: 'TARGET_INVALID',
    message: expect.stringContaining(message),
  });
});
