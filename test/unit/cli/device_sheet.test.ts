import { expect, test } from 'vitest';
import { deviceSheet } from '../../../cli/device_sheet.ts';

const device = {
  id: 'led1',
  class: 2,
  max_packet: 256,
  tcp_interface: '0.0.0.0',
  tcp_port: 1883,
  tls_port: 8883,
  user: 'led1',
  password: 'pA-_9',
  hmac_key: '00112233445566778899aabbccddeeff',
};

test('what a device is flashed with is printed for people, for C and for programs', () => {
  const sheet = deviceSheet(device, 'salt.example');
  expect(sheet).toContain('  port:      1883 without TLS, 8883 with TLS\n');
  expect(sheet).toContain('#define SALT_HMAC_KEY "00112233445566778899aabbccddeeff"\n#define SALT_MAX_PACKET 256\n');
  expect(JSON.parse(sheet.split('\n').at(-1) ?? '')).toEqual({ host: 'salt.example', ...device });
});

test.each(['127.0.0.1', '::1', 'localhost'])('a port that no other machine reaches is told as such: %s', (address) => {
  expect(deviceSheet({ ...device, tcp_interface: address }, 'salt.example')).toContain(
    '  port:      1883 without TLS for this machine alone (tcp_interface), 8883 with TLS\n',
  );
});

test('one form can be had alone, and no key where jobs are not signed', () => {
  const { hmac_key: _key, ...unsigned } = device;
  const sheet = deviceSheet({ ...unsigned, tcp_interface: null, tcp_port: null }, 'h', ['c']);
  expect(sheet).toContain('#define SALT_PORT 8883\n');
  expect(sheet).not.toMatch(/HMAC|Constrained|\{/);
});
