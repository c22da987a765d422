import { describe, expect, it } from 'vitest';
import {
  confirmQuestion,
  confirmText,
  keyListText,
  keyResultText,
  noMatchText,
  saltLists,
} from '../../../cli/key_printer.ts';

describe('salt-key', () => {
  it('lists every status under its heading', () => {
    const lists = { accepted: ['minion2', 'minion1'], denied: [], unaccepted: [], rejected: [] };
    expect(keyListText(lists, false)).toBe(
      'Accepted Keys:\nminion1\nminion2\nDenied Keys:\nUnaccepted Keys:\nRejected Keys:',
    );
    expect(keyListText({ rejected: [] }, false)).toBe('Rejected Keys:');
  });

  it('lists fingerprints, the own ones first', () => {
    const lists = { unaccepted: { minion1: '36:68' }, local: { 'master.pem': '7d:33', 'master.pub': '30:2d' } };
    expect(keyListText(lists, false)).toBe(
      'Local Keys:\nmaster.pem:  7d:33\nmaster.pub:  30:2d\nUnaccepted Keys:\nminion1:  36:68',
    );
  });

  it('knows the names by which other outputters print the lists', () => {
    expect(saltLists({ accepted: ['m1'], denied: [], unaccepted: [], rejected: [] })).toEqual({
      minions: ['m1'],
      minions_denied: [],
      minions_pre: [],
      minions_rejected: [],
    });
  });

  it.each([
    ['accept' as const, { unaccepted: ['m3'] }, 'accepted:\nUnaccepted Keys:\nm3', 'Proceed? [n/Y] ', true],
    ['reject' as const, { accepted: ['m1'] }, 'rejected:\nAccepted Keys:\nm1', 'Proceed? [n/Y] ', true],
    ['delete' as const, { rejected: ['m1'] }, 'deleted:\nRejected Keys:\nm1', 'Proceed? [N/y] ', false],
  ])('asks before it does %s', (action, lists, text, question, byDefault) => {
    expect(confirmText(action, lists, false)).toBe(`The following keys are going to be ${text}`);
    expect(confirmQuestion(action)).toEqual({ question, byDefault });
  });

  it('tells what it did to each key', () => {
    expect(keyResultText('accept', ['m1', 'm2'])).toBe('Key for minion m1 accepted.\nKey for minion m2 accepted.');
    expect(keyResultText('delete', ['m\x1b1'])).toBe('Key for minion m?1 deleted.');
  });

  it.each([
    [['unaccepted'] as const, 'unaccepted'],
    [['unaccepted', 'accepted'] as const, 'unaccepted or accepted'],
    [['unaccepted', 'accepted', 'denied'] as const, 'unaccepted, accepted or denied'],
  ])('says where it looked in vain: %j', (statuses, words) => {
    expect(noMatchText('x*', statuses)).toBe(`The key glob 'x*' does not match any ${words} keys.`);
  });
});
