import { expect, test } from 'vitest';
import minionKeys, { type MinionKeyFacts } from '../../../../../cli/doctor/checks/minion_keys.ts';
import { told } from '../../../../support/told_findings.ts';

const judge = (ids: Partial<MinionKeyFacts['ids']>) => {
  const none = { accepted: [], unaccepted: [], denied: [], rejected: [] };
  return told(minionKeys.judge({ ids: { ...none, ...ids }, command: (...words) => words.join(' ') }));
};

test('accepted and rejected keys are somebody’s will', () => {
  expect(judge({ accepted: ['m1', 'm2'], rejected: ['x'] })).toEqual(['ok: 2 accepted keys, 1 rejected (x)']);
});

test('keys that wait or were denied come with the command for each', () => {
  expect(judge({ unaccepted: ['m3'], denied: ['m1'] })).toEqual([
    'ok: 0 accepted keys',
    'warn: m3 waits for its key to be accepted => salt-key -a m3',
    'warn: m1 was offered with another key than the known one: it was installed anew, or is somebody else => salt-key -d m1  # if it is the right one; when it asks again: salt-key -a m1',
  ]);
});

test('of many keys the first five are told', () => {
  const lines = judge({ unaccepted: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] });
  expect(lines).toHaveLength(7);
  expect(lines.at(-1)).toBe('warn: and 2 more => salt-key -l un');
});
