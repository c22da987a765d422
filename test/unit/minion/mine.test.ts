import { expect, test } from 'vitest';
import { startMine } from '../../../minion/mine.ts';
import { readMineFunctions } from '../../../shared/data/mine_functions.ts';
import { FleetError } from '../../../shared/errors.ts';
import { Inbox } from '../../integration/broker/inbox.ts';
import { fakeClock, fakeContext } from '../../support/fake_context.ts';

/** A mine whose master writes down what it is told; `missing` is what it answers next. */
function setUp(values: Record<string, unknown>) {
  const clock = fakeClock();
  const told = new Inbox<Readonly<Record<string, unknown>>>();
  const state = { missing: [] as string[], isGone: false };
  const functions = Object.fromEntries(
    Object.keys(values).map((fun) => [
      fun,
      () => {
        if (values[fun] instanceof Error) throw values[fun];
        return values[fun];
      },
    ]),
  );
  const context = fakeContext({ functions });
  const mine = startMine({
    functions: readMineFunctions(Object.fromEntries(Object.keys(values).map((fun) => [fun, []]))),
    intervalMs: 60_000,
    context,
    master: {
      async ask(_verb, payload) {
        told.push(payload);
        if (state.isGone) throw new FleetError('MASTER_UNREACHABLE', 'not connected to the master');
        return state.missing.splice(0);
      },
    },
    clock,
    log: context.log,
  });
  return { mine, told, state, clock, context, values };
}

test('all is told when the master is there, and at each interval what changed', async () => {
  const { mine, told, clock, values } = setUp({ 'a.b': 1, 'c.d': [2] });
  mine.connected();
  await told.waitForCount(1);
  values['a.b'] = 3;
  await told.waitForCount(1);
  clock.advance(60_000);
  await told.waitForCount(2);
  expect(told.all).toEqual([
    { op: 'update', items: { 'a.b': { value: 1 }, 'c.d': { value: [2] } }, unchanged: [] },
    { op: 'update', items: { 'a.b': { value: 3 } }, unchanged: ['c.d'] },
  ]);
  mine.stop();
});

test('what the master lost is told again', async () => {
  const { mine, told, state, clock } = setUp({ 'a.b': 1 });
  mine.connected();
  await told.waitForCount(1);
  state.missing = ['a.b'];
  clock.advance(60_000);
  await told.waitForCount(3);
  expect(told.all.slice(1)).toEqual([
    { op: 'update', items: {}, unchanged: ['a.b'] },
    { op: 'update', items: { 'a.b': { value: 1 } }, unchanged: [] },
  ]);
  mine.stop();
});

test('what could not be told is told the next time, and a function that fails spoils no other', async () => {
  const { mine, told, state, clock, context } = setUp({ 'a.b': 1, 'bad.one': new FleetError('COMMAND_FAILED', 'no') });
  state.isGone = true;
  mine.connected();
  await told.waitForCount(1);
  state.isGone = false;
  clock.advance(60_000);
  await told.waitForCount(2);
  expect(told.all[1]).toEqual({ op: 'update', items: { 'a.b': { value: 1 } }, unchanged: [] });
  expect(context.logged.map(({ message }) => message)).toEqual(
    expect.arrayContaining(['a function of the mine failed', 'the mine was not updated']),
  );
  mine.stop();
});
