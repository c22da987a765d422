import { expect, test } from 'vitest';
import event from '../../../../master/runners/event.ts';
import manage from '../../../../master/runners/manage.ts';
import operators from '../../../../master/runners/operators.ts';
import { callRunner, fakeMasterContext } from '../../../support/fake_master_context.ts';
import { START_AT } from '../../../support/sample_job.ts';

test('event.send fires on the bus, with the data and who it was', async () => {
  const context = fakeMasterContext({ user: 'alice' });
  expect(await callRunner(context, event, 'event.send', ['myapp/x', { a: 1 }], { b: 2 })).toBe(true);
  expect(context.events).toMatchObject([{ tag: 'myapp/x', data: { data: { a: 1, b: 2 }, user: 'alice' } }]);
});

test('event.send refuses a tag that no topic can carry', async () => {
  const context = fakeMasterContext();
  await expect(callRunner(context, event, 'event.send', ['a//b'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  expect(context.events).toEqual([]);
});

test('manage tells who is there and who is not', async () => {
  const context = fakeMasterContext();
  for (const id of ['m3', 'm1']) context.fleet.setOnline(id, START_AT);
  expect(await callRunner(context, manage, 'manage.up')).toEqual(['m1', 'm3']);
  expect(await callRunner(context, manage, 'manage.down')).toEqual(['m2']);
  expect(await callRunner(context, manage, 'manage.status')).toEqual({ up: ['m1', 'm3'], down: ['m2'] });
});

test('operators are listed, added and removed', async () => {
  const known = new Set(['alice']);
  const context = fakeMasterContext({
    operators: {
      isOperator: () => false,
      names: () => [...known],
      async add(user) {
        known.add(user);
        return 'a password';
      },
      remove: async (user) => known.delete(user),
    },
  });
  expect(await callRunner(context, operators, 'operators.add', ['bob'])).toBe('a password');
  expect(await callRunner(context, operators, 'operators.list')).toEqual(['alice', 'bob']);
  expect(await callRunner(context, operators, 'operators.remove', ['bob'])).toBe(true);
  expect(await callRunner(context, operators, 'operators.remove', ['bob'])).toBe(false);
});
