import * as v from 'valibot';
import { expect, test } from 'vitest';
import { Dict } from '../../../../shared/plugin/args.ts';

test('a list is no mapping', () => {
  expect(v.parse(Dict, { a: 1 })).toEqual({ a: 1 });
  for (const value of [[], [1], [['a', 1]], null, 'a', 1]) {
    expect(v.safeParse(Dict, value).issues?.[0]?.message).toBe('must be a mapping');
  }
});
