import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createExternalAuth, type ExternalRules, externalAuth } from '../../master/auth/external_auth.ts';
import { systemClock } from '../../shared/clock.ts';
import { createLogger } from '../../shared/log.ts';
import { createLdapServer, type LdapServer } from '../support/ldap_server.ts';
import { type ServerCertificate, serverCertificate } from '../support/server_certificate.ts';
import { temporaryDir } from '../support/temporary_dir.ts';

const SUFFIX = 'dc=example,dc=com';
const entry = (dn: string, attributes: Readonly<Record<string, string | readonly string[]>>): string =>
  [
    `dn: ${dn},${SUFFIX}`,
    ...Object.entries(attributes).flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}`)),
    '',
  ].join('\n');
/** With signs in it that mean something in names and in filters. */
const FAY = `cn=Fay\\, (ops)*`;
const person = (rdn: string, uid: string, more: Readonly<Record<string, string>> = {}): string =>
  entry(`${rdn},ou=people`, {
    objectClass: ['inetOrgPerson', 'organizationalPerson', 'person'],
    cn: rdn.includes('+') ? 'Fay, (ops)*' : uid,
    sn: uid,
    uid,
    userPassword: `${uid} pass`,
    ...more,
  });

/** `description` stands for `memberOf`, which slapd has only by a module. */
const LDIF = [
  `dn: ${SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n`,
  entry('ou=people', { objectClass: 'organizationalUnit', ou: 'people' }),
  entry('ou=Groups', { objectClass: 'organizationalUnit', ou: 'Groups' }),
  person('uid=dora', 'dora', { description: `cn=night\\, shift,ou=Groups,${SUFFIX}` }),
  person('uid=eve', 'eve'),
  entry('cn=finder', { objectClass: 'person', cn: 'finder', sn: 'finder', userPassword: 'finder pass' }),
  entry('ou=far,ou=people', { objectClass: 'organizationalUnit', ou: 'far' }),
  person('cn=Zoe,ou=far', 'zoe'),
  ...['one', 'two', 'three'].map((cn) => person(`cn=${cn},ou=far`, 'twin')),
  person(`uid=fay+${FAY}`, 'fay'),
  entry('cn=ops,ou=Groups', { objectClass: 'posixGroup', cn: 'ops', gidNumber: '5000', memberUid: ['dora', 'zoe'] }),
  entry('cn=doras,ou=Groups', { objectClass: 'posixGroup', cn: 'doras', gidNumber: '5001', memberUid: 'doras' }),
  entry('cn=Web Admins,ou=Groups', {
    objectClass: 'groupOfNames',
    cn: 'Web Admins',
    member: [`uid=fay+${FAY},ou=people,${SUFFIX}`, `uid=dora,ou=people,${SUFFIX}`],
  }),
].join('\n');

let server: LdapServer;
let tls: ServerCertificate;
beforeAll(async () => {
  tls = serverCertificate(['127.0.0.1']);
  server = await createLdapServer(SUFFIX, LDIF, tls);
  await server.start();
});
afterAll(() => server.remove());

function open(rules: Readonly<Record<string, unknown>>) {
  const ldap = { '^url': server.url, '^dn': `uid={user},ou=people,${SUFFIX}`, ...rules };
  const read = externalAuth.read({ ldap }) as ExternalRules;
  const logged: string[] = [];
  const log = createLogger([{ level: 'error', format: 'text', write: (line) => logged.push(line) }], () => 0);
  const auth = createExternalAuth({
    rules: read,
    root: '/no-such-root',
    pam: async () => false,
    clock: systemClock,
    log,
  });
  const mayDo = async (user: string) => (await auth.permissionsOf(`ldap.${user}`))?.map(({ op }) => op);
  return { logged, mayDo, check: (user: string, password: string) => auth.check(`ldap.${user}`, password) };
}

test('a user is let in with the right password, and with no other', async () => {
  const { check, mayDo, logged } = open({ dora: ['test.ping'], nobody: ['test.ping'] });
  expect(await check('dora', 'dora pass')).toBe(true);
  expect(await check('dora', 'eve pass')).toBe(false);
  expect(await check('dora', '')).toBe(false);
  expect(await check('nobody', 'dora pass')).toBe(false);
  // Known to the directory, but granted nothing.
  expect(await check('eve', 'eve pass')).toBe(false);
  expect([await mayDo('dora'), await mayDo('eve'), logged]).toEqual([['job'], [], []]);
});

test('signs of filters and of names mean nothing', async () => {
  const { check, logged } = open({ '*': ['.*'], '^basedn': SUFFIX, 'ops%': ['.*'] });
  for (const user of ['*)(uid=*', 'dora)(objectClass=*', '*', 'dora,ou=people', 'd\\6fra', 'DORA', ' dora', 'dora\0']) {
    expect(await check(user, 'dora pass'), user).toBe(false);
  }
  expect(await check('dora', 'dora pass')).toBe(true);
  expect(logged).toEqual([]);
});

test('with TLS the certificate of the server is checked', async () => {
  const rules = { dora: ['test.ping'], '^url': server.secureUrl };
  const folder = temporaryDir();
  const [ca, other] = [join(folder, 'ca.pem'), join(folder, 'other.pem')];
  await writeFile(ca, tls.ca);
  await writeFile(other, serverCertificate(['127.0.0.1']).ca);
  const trusting = open({ ...rules, '^ca': ca });
  expect(await trusting.check('dora', 'dora pass')).toBe(true);
  expect(await trusting.check('dora', 'eve pass')).toBe(false);
  for (const untrusting of [open(rules), open({ ...rules, '^ca': other })]) {
    expect(await untrusting.check('dora', 'dora pass')).toBe(false);
    expect(untrusting.logged).toEqual([
      expect.stringMatching(/a password could not be checked.*(certificate|signature)/),
    ]);
  }
});

test('with StartTLS nothing is said before the certificate of the server is checked', async () => {
  const folder = temporaryDir();
  const [ca, other] = [join(folder, 'ca.pem'), join(folder, 'other.pem')];
  await writeFile(ca, tls.ca);
  await writeFile(other, serverCertificate(['127.0.0.1']).ca);
  const rules = { dora: ['test.ping'], '^starttls': true };
  const trusting = open({ ...rules, '^ca': ca });
  expect(await trusting.check('dora', 'dora pass')).toBe(true);
  expect(await trusting.check('dora', 'eve pass')).toBe(false);
  expect(trusting.logged).toEqual([]);
  // The certificate is for the address, and not for this name.
  const named = { ...rules, '^ca': ca, '^url': server.url.replace('127.0.0.1', 'localhost') };
  for (const untrusting of [open(rules), open({ ...rules, '^ca': other }), open(named)]) {
    expect(await untrusting.check('dora', 'dora pass')).toBe(false);
    expect(untrusting.logged).toEqual([
      expect.stringMatching(
        /checked.*StartTLS with ldap:\/\/\S+ failed: .*(certificate|altnames).*; see \^url and \^ca/,
      ),
    ]);
  }
});

const finder = { '^dn': undefined, '^binddn': `cn=finder,${SUFFIX}`, '^bindpw': 'finder pass', '^basedn': SUFFIX };

test('an account finds users wherever they are, and their groups', async () => {
  const { check, mayDo, logged } = open({ ...finder, 'ops%': ['@runner'] });
  expect(await check('zoe', 'zoe pass')).toBe(true);
  expect(await mayDo('zoe')).toEqual(['runner']);
  expect(await check('zoe', 'finder pass')).toBe(false);
  expect(await check('zoe', '')).toBe(false);
  expect(await check('nobody', 'zoe pass')).toBe(false);
  expect(logged).toEqual([]);
});

test('the filter and the scope say who is found', async () => {
  const all = { ...finder, '*': ['test.ping'] };
  expect(await open({ ...all, '^scope': 1 }).check('zoe', 'zoe pass')).toBe(false);
  const near = { ...all, '^basedn': `ou=far,ou=people,${SUFFIX}`, '^scope': 1 };
  expect(await open(near).check('zoe', 'zoe pass')).toBe(true);
  const filter = '(&(objectClass=person)(|(uid={{ username }})(cn={{ username }})))';
  expect(await open({ ...all, '^filter': filter }).check('three', 'twin pass')).toBe(true);
  expect(await open({ ...all, '^filter': '(&(uid={{ username }})(sn=eve))' }).check('zoe', 'zoe pass')).toBe(false);
});

test('a user whom the filter finds twice is not let in, and the log says so', async () => {
  const { check, logged } = open({ ...finder, '*': ['test.ping'] });
  expect(await check('twin', 'twin pass')).toBe(false);
  expect(logged).toEqual([
    expect.stringMatching(/more than one entry for uid=twin below dc=example,dc=com; make \^filter/),
  ]);
});

test('an account may have its password in a file of its own, and the log never has it', async () => {
  const file = join(temporaryDir(), 'bindpw');
  await writeFile(file, 'finder pass\n', { mode: 0o600 });
  const { '^bindpw': _, ...rest } = finder;
  const rules = { ...rest, '^bindpw_file': file, '*': ['test.ping'] };
  expect(await open(rules).check('dora', 'dora pass')).toBe(true);
  await writeFile(file, 'secret guess');
  const wrong = open(rules);
  expect(await wrong.check('dora', 'dora pass')).toBe(false);
  expect(wrong.logged).toEqual([
    expect.stringMatching(/does not take \^binddn cn=finder,dc=example,dc=com with its password; see \^bindpw/),
  ]);
  await chmod(file, 0o644);
  expect(await wrong.check('dora', 'dora pass')).toBe(false);
  expect(wrong.logged[1]).toMatch(/has mode 0644: others may read it; chmod 600/);
  expect(wrong.logged.join()).not.toContain('secret guess');
});

test('an account does not make signs of filters mean something', async () => {
  const { check, logged } = open({ ...finder, '*': ['.*'] });
  for (const user of ['*)(uid=*', 'dora)(objectClass=*', '*', 'DORA', 'd\\6fra']) {
    expect(await check(user, 'dora pass'), user).toBe(false);
  }
  expect(logged).toEqual([]);
});

test('a member of a group of the directory has what the group is granted', async () => {
  const { check, mayDo } = open({ '^basedn': SUFFIX, 'ops%': ['test.*', '@runner'], 'doras%': ['@wheel'] });
  expect(await mayDo('dora')).toEqual([]);
  expect(await check('dora', 'eve pass')).toBe(false);
  expect(await mayDo('dora')).toEqual([]);
  expect(await check('dora', 'dora pass')).toBe(true);
  expect(await mayDo('dora')).toEqual(['job', 'runner']);
  expect(await check('eve', 'eve pass')).toBe(false);
});

test('groups may stand in the entry of the user, by names with signs of the grammar', async () => {
  const { check, mayDo } = open({
    '^basedn': SUFFIX,
    '^groupou': 'people',
    '^groupclass': 'person',
    '^accountattributename': 'uid',
    '^groupattribute': 'description',
    'night, shift%': ['@wheel'],
    'ops%': ['@runner'],
  });
  expect(await check('dora', 'dora pass')).toBe(true);
  expect(await mayDo('dora')).toEqual(['wheel']);
  expect(await check('eve', 'eve pass')).toBe(false);
});

test('groups that name the entries of their members are found by the name of the entry, whatever is in it', async () => {
  const { check, mayDo } = open({
    '^basedn': SUFFIX,
    '^activedirectory': true,
    '^groupclass': 'groupOfNames',
    '^accountattributename': 'uid',
    '^dn': `uid={user}+${FAY},ou=people,${SUFFIX}`,
    'Web Admins%': ['test.*'],
    'ops%': ['@runner'],
  });
  expect([await check('fay', 'fay pass'), await mayDo('fay')]).toEqual([true, ['job']]);
});

test('groups that cannot be looked for let nobody in, and the log says why', async () => {
  const { check, logged } = open({ '^basedn': SUFFIX, '^groupou': 'Elsewhere', 'ops%': ['test.*'] });
  expect(await check('dora', 'dora pass')).toBe(false);
  expect(logged).toEqual([
    expect.stringMatching(
      /checked.*user=ldap\.dora.*the directory has no ou=Elsewhere,dc=example,dc=com; see \^basedn/,
    ),
  ]);
});

test('a server that is down lets nobody in, says so in one line each, and is asked again when it is back', async () => {
  const { check, logged } = open({ dora: ['test.ping'] });
  await server.stop();
  expect(await Promise.all([check('dora', 'dora pass'), check('dora', 'dora pass')])).toEqual([false, false]);
  expect(logged).toEqual(Array(2).fill(expect.stringMatching(/a password could not be checked.*ECONNREFUSED/)));
  await server.start();
  expect(await check('dora', 'dora pass')).toBe(true);
});
