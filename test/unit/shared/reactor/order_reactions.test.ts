import { expect, test } from 'vitest';
import { orderReactions, sharedIds } from '../../../../shared/reactor/order_reactions.ts';
import type { Reaction } from '../../../../shared/reactor/reaction.ts';

function reaction(id: string, order?: unknown, file = '/a.sls'): Reaction {
  return { id, file, order, kind: 'runner', request: { fun: 'manage.up', arg: [], kwarg: {} } };
}

test('without an order they run by type, id and function', () => {
  const local: Reaction = {
    ...reaction('z'),
    kind: 'local',
    request: { op: 'job', tgt: 'm1', tgt_type: 'glob', fun: 'test.ping', arg: [], kwarg: {}, async: true },
  };
  expect(orderReactions([reaction('b'), local, reaction('a')]).map(({ id }) => id)).toEqual(['z', 'a', 'b']);
});

test('first, then the numbers, then those without, negative ones from the end, then last', () => {
  const orders = ['last', -1, undefined, 7, -5, 2, 'first', 'nonsense'] as const;
  const sorted = orderReactions(orders.map((order) => reaction(String(order), order)));
  expect(sorted.map(({ id }) => id)).toEqual(['first', '2', '7', 'nonsense', 'undefined', '-5', '-1', 'last']);
});

test('an id in two files is found, not lost', () => {
  const reactions = [
    reaction('a', undefined, '/1.sls'),
    reaction('a', undefined, '/2.sls'),
    reaction('b', undefined, '/2.sls'),
  ];
  expect(orderReactions(reactions)).toHaveLength(3);
  expect([...sharedIds(reactions)]).toEqual([['a', ['/1.sls', '/2.sls']]]);
});
