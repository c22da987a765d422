import { describe, expect, test } from 'vitest';
import {
  addressCount,
  broadcastOf,
  compareIps,
  formatIp,
  formatNetwork,
  type IpAddress,
  type IpNetwork,
  isLoopback,
  isPrivate,
  netmaskLength,
  netmaskOf,
  networkContains,
  parseIp,
  parseNetwork,
} from '../../../../../shared/render/net/ip_network.ts';

const ip = (text: string) => parseIp(text) as IpAddress;
const network = (text: string) => parseNetwork(text) as IpNetwork;

// Each row was answered by Python 3.11's ipaddress.
test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['0:0:1::', '0:0:1::'],
  ['::ffff:1.2.3.4', '::ffff:102:304'],
])('%s is written %s', (text, canonical) => {
  expect(formatIp(ip(text))).toBe(canonical);
});

test.each(['', '10.1.2', '10.1.2.256', 'fe80:::1', 'host', '1.2.3.4/8'])('%j is no address', (text) => {
  expect(parseIp(text)).toBeUndefined();
});

describe('networks', () => {
  test.each([
    ['172.17.0.5/255.255.255.240', '172.17.0.0/28'],
    ['10.0.0.1/8', '10.0.0.0/8'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['fd00::2/64', 'fd00::/64'],
    ['2a02:f6e:a000:80:84d8:8332:7866:4e07/64', '2a02:f6e:a000:80::/64'],
  ])('%s is %s', (text, canonical) => {
    expect(formatNetwork(network(text))).toBe(canonical);
  });

  test.each([
    '10.0.0.0/33',
    '10.0.0.0/255.0.255.0',
    '10.0.0.0/8/8',
    'fd00::/129',
    'fd00::/255.0.0.0',
    '10.0.0.0/',
    'x/8',
  ])('%j is no network', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  test('bits beyond the prefix are refused when asked to be strict', () => {
    expect(parseNetwork('10.0.0.1/8', { strict: true })).toBeUndefined();
    expect(parseNetwork('10.0.0.0/8', { strict: true })).toBeDefined();
  });

  test('netmask, broadcast address and size follow from the prefix', () => {
    expect(netmaskOf(network('172.31.0.0/16'))).toBe('255.255.0.0');
    expect(broadcastOf(network('172.31.0.0/16'))).toBe('172.31.255.255');
    expect(netmaskOf(network('fd00::/64'))).toBe('ffff:ffff:ffff:ffff::');
    expect(addressCount(network('10.0.0.0/24'))).toBe(256n);
    expect(netmaskLength('255.255.255.252')).toBe(30);
    expect(netmaskLength('255.0.255.0')).toBeUndefined();
  });

  test.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['fd00::/8', 'fdff::1', true],
    ['::/0', '10.0.0.1', false],
  ])('whether %s contains %s: %s', (text, address, expected) => {
    expect(networkContains(network(text), ip(address))).toBe(expected);
  });
});

test('addresses are sorted by number, IPv4 first', () => {
  const texts = ['fd00::1', '10.0.0.10', '::1', '10.0.0.9', '10.0.0.10'];
  expect(texts.map(ip).sort(compareIps).map(formatIp)).toEqual([
    '10.0.0.9',
    '10.0.0.10',
    '10.0.0.10',
    '::1',
    'fd00::1',
  ]);
});

test.each([
  ['127.0.0.1', true, true],
  ['127.9.9.9', true, true],
  ['::1', true, true],
  ['10.0.0.3', false, true],
  ['172.32.0.1', false, false],
  ['169.254.1.1', false, true],
  ['8.8.8.8', false, false],
  ['fd00::1', false, true],
  ['fe80::1', false, true],
  ['2001:db8::1', false, true],
  ['2600::1', false, false],
])('%s: loopback %s, private %s', (text, loopback, isPrivateAddress) => {
  expect([isLoopback(ip(text)), isPrivate(ip(text))]).toEqual([loopback, isPrivateAddress]);
});
