import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkLdap } from '../../../../master/auth/check_ldap.ts';
import { ldapUrl, readLdapSettings } from '../../../../master/auth/ldap_settings.ts';

const INVALID_CREDENTIALS = 49;
const UNAVAILABLE = 52;

let server: Server;
let url: string;
let binds: { readonly dn: string; readonly password: string }[];

/** As much of a directory as a simple bind needs (RFC 4511 §4.2): short lengths, one message in a packet. */
beforeEach(async () => {
  binds = [];
  server = createServer((socket) => {
    socket.on('data', (bytes) => {
      // LDAPMessage { messageID, [APPLICATION 0] { version, name, [0] password } }
      if (bytes[5] !== 0x60) return socket.end();
      const dnEnd = 12 + (bytes[11] ?? 0);
      const dn = bytes.subarray(12, dnEnd).toString();
      const password = bytes.subarray(dnEnd + 2).toString();
      binds.push({ dn, password });
      const code = dn.startsWith('uid=busy') ? UNAVAILABLE : password === 'right' ? 0 : INVALID_CREDENTIALS;
      socket.write(
        Buffer.from([0x30, 0x0c, 0x02, 0x01, bytes[4] ?? 0, 0x61, 0x07, 0x0a, 0x01, code, 0x04, 0x00, 0x04, 0x00]),
      );
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `ldap://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const check = (user: string, password: string, at = url) =>
  checkLdap(readLdapSettings({ '^url': at, '^dn': 'uid={user},dc=example' }), user, password, 500);

test('the directory decides, by a bind in the name of the user', async () => {
  expect(await check('dora', 'right')).toEqual([]);
  expect(await check('dora', 'wrong')).toBeUndefined();
  expect(binds).toEqual([
    { dn: 'uid=dora,dc=example', password: 'right' },
    { dn: 'uid=dora,dc=example', password: 'wrong' },
  ]);
});

test('an empty password, and a name that means something in a DN, are not even asked about', async () => {
  expect(await check('dora', '')).toBeUndefined();
  expect(await check('dora,ou=admins', 'right')).toBeUndefined();
  expect(await check('*)(uid=*', 'right')).toBeUndefined();
  expect(binds).toEqual([]);
});

test('a name in capitals, which a directory takes for the same, is nobody', async () => {
  expect(await check('Dora', 'right')).toBeUndefined();
  expect(binds).toEqual([]);
});

test.each(['ldap', 'ldaps'])('a server that takes connections and says nothing is given up (%s)', async (scheme) => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const port = (silent.address() as AddressInfo).port;
  await expect(check('dora', 'right', `${scheme}://127.0.0.1:${port}`)).rejects.toThrow(/time/i);
  silent.close();
});

test('a directory that cannot answer is no answer', async () => {
  await expect(check('busy', 'right')).rejects.toThrow();
  await expect(check('dora', 'right', 'ldap://127.0.0.1:1')).rejects.toThrow();
});

test.each([
  ['ldaps://ldap.example.com', true],
  ['ldaps://ldap.example.com:636/', true],
  ['ldap://127.0.0.1:389', true],
  ['ldap://localhost', true],
  ['ldap://ldap.example.com', false],
  ['ldap://127.0.0.1.evil.example', false],
  ['http://127.0.0.1', false],
])('%s is asked: %s', (text, isAsked) => {
  expect(ldapUrl.test(text)).toBe(isAsked);
});
