import { expect, test } from 'vitest';
import { createTestFleet } from '../../support/create_test_fleet.ts';
import { fakeClock } from '../../support/fake_context.ts';
import { START_AT } from '../../support/sample_job.ts';

const fleetOf = (...ids: string[]) => createTestFleet({ acceptedIds: () => ids, clock: fakeClock() });

test('who is accepted can be selected, whether or not it is there', async () => {
  const fleet = fleetOf('web2', 'db1', 'web1');
  expect(await fleet.match('web*', 'glob')).toEqual(['web1', 'web2']);
  expect(await fleet.match(['db1', 'nobody'], 'list')).toEqual(['db1']);
  expect(await fleet.match('(web|db)1', 'pcre')).toEqual(['db1', 'web1']);
});

test('a minion is online from its connection to the end of it', () => {
  const fleet = fleetOf('m1', 'm2');
  fleet.setOnline('m2', START_AT);
  fleet.setOnline('m1', START_AT);
  expect([fleet.isOnline('m1'), fleet.onlineIds()]).toEqual([true, ['m1', 'm2']]);
  fleet.setOffline('m1', START_AT + 61);
  expect([fleet.isOnline('m1'), fleet.onlineIds()]).toEqual([false, ['m2']]);
  expect(fleet.whyOffline('m1')).toMatch(/^offline since .*2026-01-01|^offline since .*00:01:01/);
});

test('of a minion that never came it is said since when that is known', () => {
  expect(fleetOf('m1').whyOffline('m1')).toMatch(/^not connected since the master started at /);
});

test('a minion is a modest device until it says what it can do', () => {
  const fleet = fleetOf('m1');
  expect(fleet.info('m1')).toEqual({ v: 1, max_packet: 256, window: 1, enc: 'json', sig: 'ed25519' });
  const info = { v: 1, max_packet: 262_144, window: 16, enc: 'cbor', sig: 'ed25519' } as const;
  fleet.setInfo('m1', info);
  expect(fleet.info('m1')).toEqual(info);
});

test('who is forgotten is as if it had never been', () => {
  const fleet = fleetOf('m1');
  fleet.setOnline('m1', START_AT);
  fleet.setInfo('m1', { ...fleet.info('m1'), window: 8 });
  fleet.forget('m1');
  expect([fleet.isOnline('m1'), fleet.info('m1').window]).toEqual([false, 1]);
  expect(fleet.whyOffline('m1')).toMatch(/^not connected since/);
});
