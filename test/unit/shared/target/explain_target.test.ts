import { expect, test } from 'vitest';
import { explainTarget } from '../../../../shared/target/explain_target.ts';
import { parseTarget } from '../../../../shared/target/parse_target.ts';
import { compileTarget } from '../../../../shared/target/target.ts';
import { targetFleet } from '../../../support/target_fleet.ts';

test('a target explains itself term by term', async () => {
  const target = await compileTarget(parseTarget('G@os:Debian and not web2', 'compound'));
  const explained = explainTarget(target, { id: 'web2', grains: targetFleet.web2 });
  expect(explained).toEqual({
    term: 'and',
    matches: false,
    of: [
      { term: 'G@os:Debian', matches: true },
      { term: 'not', matches: false, of: [{ term: 'web2', matches: true }] },
    ],
  });
});
