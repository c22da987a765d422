import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { createExternalAuth, type ExternalAuth, externalAuth } from '../../../../master/auth/external_auth.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { shaCrypt } from '../../../../shared/crypto/sha_crypt.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';

const ACCOUNT = {
  '^url': 'ldaps://ldap.example.com',
  '^binddn': 'cn=finder,dc=example',
  '^bindpw': 'hunter2',
  '^basedn': 'dc=example',
};

let auth: ExternalAuth;
let asked: string[];
beforeEach(async () => {
  const root = await fixtureRoot({ 'etc/group': 'adm:x:4:dora,eve\nweb:x:50:\n' });
  const file = join(root, 'passwords');
  await writeFile(file, `bob:${shaCrypt('of the file', 'salt', 'sha512')}\nplain:of the file\n`);
  asked = [];
  auth = createExternalAuth({
    rules: {
      pam: { carl: ['test.ping'], 'adm%': ['.*', '@runner'], 'web%': ['@wheel'] },
      file: { '^filename': file, bob: ['test.*'], plain: ['test.*'] },
    },
    root,
    pam: async (user, password) => {
      asked.push(user);
      return password === 'of the system';
    },
    clock: systemClock,
    log: silentLogger,
  });
});

test.each([
  ['pam.carl', 'of the system', true],
  ['pam.carl', 'guessed', false],
  ['pam.dora', 'of the system', true],
  ['pam.nobody', 'of the system', false],
  ['file.bob', 'of the file', true],
  ['file.bob', 'guessed', false],
  ['file.plain', 'of the file', false],
  ['file.carl', 'of the system', false],
])('%s with %j: %s', async (user, password, isRight) => {
  expect(await auth.check(user, password)).toBe(isRight);
});

test('names without a backend are no affair of it', () => {
  expect(auth.check('carl', 'of the system')).toBeUndefined();
  expect(auth.check('ldap.carl', 'of the system')).toBeUndefined();
  expect(auth.permissionsOf('root')).toBeUndefined();
});

test('the system is not even asked about those who may nothing', async () => {
  await auth.check('pam.root', 'of the system');
  expect(asked).toEqual([]);
});

test('permissions come from the name and from groups that have him as a member', async () => {
  const ops = async (user: string) => (await auth.permissionsOf(user))?.map(({ op }) => op);
  expect(await ops('pam.carl')).toEqual(['job']);
  expect(await ops('pam.dora')).toEqual(['job', 'runner']);
  expect(await ops('pam.root')).toEqual([]);
});

test('a flood of guesses waits, and beyond that is refused', async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, () => auth.check('pam.carl', 'of the system')));
  const right = answers.filter((one) => one === true).length;
  expect(right).toBeGreaterThanOrEqual(4);
  expect(right).toBeLessThan(100);
  expect(await auth.check('pam.carl', 'of the system')).toBe(true);
});

test.each([
  [{ kerberos: {} }],
  [{ ldap: {} }],
  [{ ldap: { '^url': 'ldap://ldap.example.com', '^dn': 'uid={user}' } }],
  [{ ldap: { '^url': 'ldaps://ldap.example.com', '^dn': 'uid=admin' } }],
  [{ ldap: { '^url': 'ldap://127.0.0.1', '^dn': 'uid={user}', 'ops%': ['test.ping'] } }],
  [{ ldap: { '^url': 'ldap://127.0.0.1', '^dn': 'uid={user}', '^groupuo': 'Groups' } }],
  [{ ldap: { '^url': 'ldap://127.0.0.1', '^dn': 'uid={user}', '^groupclass': 'a)(b=*' } }],
  [{ ldap: { '^url': 'ldaps://ldap.example.com', '^dn': 'uid={user}', '^starttls': true } }],
  [{ ldap: { '^url': 'ldaps://ldap.example.com' } }],
  [{ ldap: { ...ACCOUNT, '^dn': 'uid={user}' } }],
  [{ ldap: { ...ACCOUNT, '^bindpw': undefined } }],
  [{ ldap: { ...ACCOUNT, '^bindpw_file': '/etc/salt/bindpw' } }],
  [{ ldap: { ...ACCOUNT, '^bindpw': '' } }],
  [{ ldap: { ...ACCOUNT, '^basedn': undefined } }],
  [{ ldap: { ...ACCOUNT, '^filter': 'uid=admin' } }],
  [{ ldap: { ...ACCOUNT, '^scope': 3 } }],
  [{ pam: [] }],
  [{ pam: { carl: 'test.ping' } }],
  [{ file: { bob: ['test.ping'] } }],
  [{ pam: { carl: ['('] } }],
])('%j is no external_auth', (value) => {
  expect(externalAuth.read(value)).toBeUndefined();
});
