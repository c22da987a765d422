import { expect, test } from 'vitest';
import { createForwarder } from '../../../../minion/bus/forward_events.ts';
import { fakeClock, fakeContext } from '../../../support/fake_context.ts';

function setUp(rules: readonly string[], perSecond = 10) {
  const { log, logged } = fakeContext();
  const sent: string[] = [];
  const config = { id: 'm1', forward_local_events: [...rules], forward_local_events_rate: perSecond };
  const hear = createForwarder({ config, fireMaster: async (tag) => void sent.push(tag), clock: fakeClock(), log });
  return { hear, sent, logged };
}

test('what a rule names goes to the master', () => {
  const { hear, sent } = setUp(['app/*']);
  for (const tag of ['app/up', 'other/up']) hear(tag, {});
  expect(sent).toEqual(['app/up']);
});

test('what a minion may not fire stays here without a word, whatever the rule says', () => {
  const { hear, sent, logged } = setUp(['*'], 1);
  for (let n = 0; n < 100; n++) hear('salt/auth', {});
  hear('app/up', {});
  expect(sent).toEqual(['app/up']);
  expect(logged).toEqual([]);
});
