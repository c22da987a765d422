import { describe, expect, it } from 'vitest';
import { formatOutput } from '../../../../cli/output.ts';
import { expectGolden } from '../../../support/golden.ts';

const lists = { minions: ['m2', 'm1'], minions_denied: [], minions_pre: ['m3'], minions_rejected: [] };

describe('key', () => {
  it('sorts ids under the headings of Salt, empty ones too', async () => {
    expect(await formatOutput('key', lists, { colour: false })).toBe(
      'Accepted Keys:\nm1\nm2\nDenied Keys:\nUnaccepted Keys:\nm3\nRejected Keys:',
    );
  });

  it('has a colour for each status', async () => {
    const all = { ...lists, minions_denied: ['m4'], minions_rejected: ['m5'], local: { 'master.pub': 'aa:bb' } };
    expectGolden('output/key_colour.txt', await formatOutput('key', all, { colour: true }));
  });

  it('prints fingerprints after the id', async () => {
    expect(
      await formatOutput('key', { minions_pre: { m1: '36:68' }, local: { 'master.pub': '30:2d' } }, { colour: false }),
    ).toBe('Local Keys:\nmaster.pub:  30:2d\nUnaccepted Keys:\nm1:  36:68');
  });

  it('leaves what is no list of keys to nested', async () => {
    expect(await formatOutput('key', { return: 'ok' }, { colour: false })).toBe('return:\n    ok');
  });
});
