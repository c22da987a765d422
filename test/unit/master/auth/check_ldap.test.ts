import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkLdap } from '../../../../master/auth/check_ldap.ts';
import { ldapUrl, readLdapSettings, userFilter } from '../../../../master/auth/ldap_settings.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { redact } from '../../../../shared/log.ts';

const INVALID_CREDENTIALS = 49;
const UNAVAILABLE = 52;
const UNWILLING = 53;

let server: Server;
let url: string;
let takesTls: boolean;
let binds: { readonly dn: string; readonly password: string }[];

/** As much of a directory as a simple bind needs (RFC 4511 §4.2): short lengths, one message in a packet. */
beforeEach(async () => {
  binds = [];
  takesTls = true;
  server = createServer((socket) => {
    socket.on('data', (bytes) => {
      // LDAPMessage { messageID, [APPLICATION 0] { version, name, [0] password } }
      // It would take TLS, and never begins (RFC 4511 §4.12: ExtendedResponse).
      if (bytes[5] === 0x77) return socket.write(answer(bytes[4] ?? 0, 0x78, takesTls ? 0 : UNWILLING));
      const isHandshake = bytes[0] === 0x16;
      if (isHandshake) return;
      if (bytes[5] !== 0x60) return socket.end();
      const dnEnd = 12 + (bytes[11] ?? 0);
      const dn = bytes.subarray(12, dnEnd).toString();
      const password = bytes.subarray(dnEnd + 2).toString();
      binds.push({ dn, password });
      const code = dn.startsWith('uid=busy') ? UNAVAILABLE : password === 'right' ? 0 : INVALID_CREDENTIALS;
      socket.write(answer(bytes[4] ?? 0, 0x61, code));
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `ldap://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** LDAPMessage { messageID, response { resultCode, matchedDN, diagnosticMessage } } */
function answer(messageId: number, kind: number, code: number): Buffer {
  return Buffer.from([0x30, 0x0c, 0x02, 0x01, messageId, kind, 0x07, 0x0a, 0x01, code, 0x04, 0x00, 0x04, 0x00]);
}

const check = (user: string, password: string, at = url) =>
  checkLdap(readLdapSettings({ '^url': at, '^dn': 'uid={user},dc=example' }), user, password, systemClock, 500);

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

test.each([
  ['refuses TLS', false, /StartTLS with ldap:.* failed/],
  ['takes it and never begins', true, /StartTLS with ldap:.* failed: no answer in time/],
])('a server that is asked for TLS and %s hears no password', async (_what, takes, reason) => {
  takesTls = takes;
  const settings = readLdapSettings({ '^url': url, '^dn': 'uid={user},dc=example', '^starttls': true });
  await expect(checkLdap(settings, 'dora', 'right', systemClock, 200)).rejects.toThrow(reason);
  expect(binds).toEqual([]);
});

test.each([
  ['uid={{ username }}', 'dora', 'uid=dora'],
  ['(&(uid={{username}})(o=x))', '*)(uid=*', '(&(uid=\\2a\\29\\28uid=\\2a)(o=x))'],
  ['uid={{ username }}', 'a\\b\0$&', 'uid=a\\5cb\\00$&'],
])('%s for %j is %s', (template, user, filter) => {
  expect(userFilter(template, user)).toBe(filter);
});

test('the password of the account that looks for users is hidden where settings are shown', () => {
  const shown = redact({ external_auth: { ldap: { '^binddn': 'cn=finder', '^bindpw': 'hunter2' } } });
  expect(shown).toEqual({ external_auth: { ldap: { '^binddn': 'cn=finder', '^bindpw': '**********' } } });
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
