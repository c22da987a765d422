import { expect, test } from 'vitest';
import broker from '../../../../master/runners/broker.ts';
import event from '../../../../master/runners/event.ts';
import manage from '../../../../master/runners/manage.ts';
import operators from '../../../../master/runners/operators.ts';
import { fakeMasterContext } from '../../../support/fake_master_context.ts';
import { runFunction } from '../../../support/run_function.ts';
import { START_AT } from '../../../support/sample_job.ts';

test('event.send fires on the bus, with the data and who it was', async () => {
  const context = fakeMasterContext({ user: 'alice' });
  expect(await runFunction(context, event, 'event.send', ['myapp/x', { a: 1 }], { b: 2 })).toBe(true);
  expect(context.events).toMatchObject([{ tag: 'myapp/x', data: { data: { a: 1, b: 2 }, user: 'alice' } }]);
});

test('event.send refuses a tag that no topic can carry', async () => {
  const context = fakeMasterContext();
  await expect(runFunction(context, event, 'event.send', ['a//b'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  expect(context.events).toEqual([]);
});

test('manage tells who is there and who is not', async () => {
  const context = fakeMasterContext();
  for (const id of ['m3', 'm1']) context.fleet.setOnline(id, START_AT);
  expect(await runFunction(context, manage, 'manage.up')).toEqual(['m1', 'm3']);
  expect(await runFunction(context, manage, 'manage.down')).toEqual(['m2']);
  expect(await runFunction(context, manage, 'manage.present')).toEqual(['m1', 'm3']);
  expect(await runFunction(context, manage, 'manage.not_present')).toEqual(['m2']);
  expect(await runFunction(context, manage, 'manage.status')).toEqual({ up: ['m1', 'm3'], down: ['m2'] });
});

test('manage.versions compares those who are there with the master', async () => {
  const context = fakeMasterContext({ version: '0.10.1' });
  const known = { v: 1, max_packet: 256, window: 1, enc: 'json', sig: 'ed25519' } as const;
  const told = { m1: 'brine 0.9.2', m2: 'brine 0.10.1', m3: 'brine 1.0.0' };
  expect(await runFunction(context, manage, 'manage.versions')).toEqual({ Master: '0.10.1' });
  for (const [id, version] of Object.entries(told)) {
    context.fleet.setOnline(id, START_AT);
    context.fleet.setInfo(id, { ...known, version });
  }
  expect(await runFunction(context, manage, 'manage.versions')).toEqual({
    Master: '0.10.1',
    'Minion requires update': { m1: '0.9.2' },
    'Up to date': { m2: '0.10.1' },
    'Minion newer than master': { m3: '1.0.0' },
  });
  context.fleet.setInfo('m1', { ...known, version: 'minion.sh 2' });
  context.fleet.setInfo('m2', known);
  expect(await runFunction(context, manage, 'manage.versions')).toEqual({
    Master: '0.10.1',
    'Minion newer than master': { m3: '1.0.0' },
    'Other software': { m1: 'minion.sh 2', m2: 'unknown' },
  });
});

test('manage.capabilities tells of those who are there, and of one that said nothing the least', async () => {
  const context = fakeMasterContext();
  for (const id of ['m3', 'm1']) context.fleet.setOnline(id, START_AT);
  const info = { v: 1, max_packet: 262_144, window: 16, enc: 'cbor', sig: 'ed25519' } as const;
  context.fleet.setInfo('m1', info);
  expect(await runFunction(context, manage, 'manage.capabilities')).toEqual({
    m1: info,
    m3: { v: 1, max_packet: 256, window: 1, enc: 'json', sig: 'ed25519' },
  });
});

test('broker.refusals tells times as people read them', async () => {
  const refusal = {
    what: 'publishes_refused_acl',
    client: 'm1',
    count: 2,
    time: 1_795_662_000,
    message: 'no',
  } as const;
  const context = fakeMasterContext({ refusals: () => [refusal] });
  expect(await runFunction(context, broker, 'broker.refusals')).toEqual([
    { ...refusal, time: '2026-11-26 03:00:00 UTC' },
  ]);
});

test('operators are listed, added and removed', async () => {
  const known = new Set(['alice']);
  const context = fakeMasterContext({
    operators: {
      isOperator: () => false,
      expired: () => undefined,
      names: () => [...known],
      async add(user) {
        known.add(user);
        return 'a password';
      },
      remove: async (user) => known.delete(user),
    },
  });
  expect(await runFunction(context, operators, 'operators.add', ['bob'])).toBe('a password');
  expect(await runFunction(context, operators, 'operators.list')).toEqual(['alice', 'bob']);
  expect(await runFunction(context, operators, 'operators.remove', ['bob'])).toBe(true);
  expect(await runFunction(context, operators, 'operators.remove', ['bob'])).toBe(false);
});
