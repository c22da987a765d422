import { expect, test } from 'vitest';
import { readMineFunctions } from '../../../../shared/data/mine_functions.ts';

test.each([
  ['test.ping', [], { fun: 'test.ping', args: [], kwargs: {}, access: {} }],
  ['test.ping', null, { fun: 'test.ping', args: [], kwargs: {}, access: {} }],
  ['network.ip_addrs', ['eth0'], { fun: 'network.ip_addrs', args: ['eth0'], kwargs: {}, access: {} }],
  ['network.ip_addrs', 'eth0', { fun: 'network.ip_addrs', args: ['eth0'], kwargs: {}, access: {} }],
  [
    'network.ip_addrs',
    { interface: 'eth0', allow_tgt: 'web*' },
    { fun: 'network.ip_addrs', args: [], kwargs: { interface: 'eth0' }, access: { allow_tgt: 'web*' } },
  ],
  [
    'internal_ip',
    [
      { mine_function: 'network.ip_addrs' },
      'eth0',
      { cidr: '10.0.0.0/8' },
      { allow_tgt: 'a,b' },
      { allow_tgt_type: 'list' },
    ],
    {
      fun: 'network.ip_addrs',
      args: ['eth0'],
      kwargs: { cidr: '10.0.0.0/8' },
      access: { allow_tgt: 'a,b', allow_tgt_type: 'list' },
    },
  ],
  [
    'internal_ip',
    { mine_function: 'network.ip_addrs', cidr: '10.0.0.0/8' },
    { fun: 'network.ip_addrs', args: [], kwargs: { cidr: '10.0.0.0/8' }, access: {} },
  ],
])('%s: %j', (name, definition, expected) => {
  expect(readMineFunctions({ [name]: definition })).toEqual([{ name, ...expected }]);
});
