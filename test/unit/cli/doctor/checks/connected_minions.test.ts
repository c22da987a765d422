import { expect, test } from 'vitest';
import connectedMinions from '../../../../../cli/doctor/checks/connected_minions.ts';
import { told } from '../../../../support/told_findings.ts';

test.each([
  [{ up: ['m1', 'm2'], down: [] }, 'ok: 2 of 2 accepted minions are connected'],
  [
    { up: ['m1'], down: ['a', 'b', 'c', 'd', 'e', 'f'] },
    'ok: 1 of 7 accepted minions are connected; not a, b, c, d, e and 1 more',
  ],
  [{ up: [], down: ['m1', 'm2'] }, 'warn: none of 2 accepted minions is connected => (on m1) salt doctor'],
  [{ up: [], down: [] }, 'ok: no minion is accepted yet'],
  [undefined, 'skip: salt-master does not answer'],
])('%j', (facts, line) => expect(told(connectedMinions.judge(facts))).toEqual([line]));
