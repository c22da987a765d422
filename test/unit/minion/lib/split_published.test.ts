import { expect, test } from 'vitest';
import { splitPublished } from '../../../../minion/lib/split_published.ts';

test.each([
  [undefined, [], {}],
  [null, [], {}],
  ['uptime', ['uptime'], {}],
  [5, [5], {}],
  [['a', 2, ['b']], ['a', 2, ['b']], {}],
  [['ls -la', 'cwd=/tmp', 'timeout=5', 'env={A: 1}'], ['ls -la'], { cwd: '/tmp', timeout: 5, env: { A: 1 } }],
  ['x=', [], { x: '' }],
  ['a b=c', ['a b=c'], {}],
  ['k={unclosed', [], { k: '{unclosed' }],
])('%j', (given, arg, kwarg) => expect(splitPublished(given)).toEqual({ arg, kwarg }));
